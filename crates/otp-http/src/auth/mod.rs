//! Signing in and staying signed in.

mod context;
mod introspect;
mod logout;
mod me;
mod refresh;
mod request_otp;
mod tokens;
mod verify_otp;

pub(crate) use introspect::introspect;
pub(crate) use logout::logout;
pub(crate) use me::me;
pub(crate) use refresh::refresh;
pub(crate) use request_otp::{issued_answer, request_otp};
pub(crate) use verify_otp::verify_otp;
