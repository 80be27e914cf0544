//! The suite every adapter passes. What is kept in memory passes, too.

use crate::fixture::stores;

otp_testkit::conformance!(stores);
