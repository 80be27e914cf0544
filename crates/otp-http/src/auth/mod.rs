//! Signing in and staying signed in.

mod context;
mod introspect;
mod logout;
mod me;
mod refresh;
mod request_otp;
mod tokens;
mod verify_otp;

pub(crate) use introspect::{INTROSPECT, introspect};
pub(crate) use logout::{LOGOUT, logout};
pub(crate) use me::{ME, me};
pub(crate) use refresh::{REFRESH, refresh};
pub(crate) use request_otp::{Queued, REQUEST_OTP, issued_answer, request_otp};
pub(crate) use verify_otp::{VERIFY_OTP, verify_otp};
