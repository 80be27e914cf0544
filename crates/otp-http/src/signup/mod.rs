//! Signing up: `/signup`, `/signup/verify` for programs, `/signup/confirm` for people. Open to everybody, so no key and
//! no token is looked at.

mod confirm;
mod page;
mod request;
mod texts;
mod verify;

pub(crate) use confirm::{confirm, show};
pub(crate) use request::request;
pub(crate) use verify::verify;
