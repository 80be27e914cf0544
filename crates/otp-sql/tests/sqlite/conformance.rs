//! The suite every adapter passes.

use crate::fixture::stores;

otp_testkit::conformance!(stores);
