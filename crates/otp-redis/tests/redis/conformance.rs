//! The suite every adapter passes. What is kept in memory passes, too.

mod limits_alone {
    use crate::fixture::limits_alone;

    otp_testkit::conformance!(limits_alone);
}

mod everything {
    use crate::fixture::everything;

    otp_testkit::conformance!(everything);
}
