//! `otp-server openapi`: what the HTTP API promises.

use otp_wire::process::{Failure, SettingArgs};

use crate::output;

/// Prints it, to who reaches the service where it is configured to be reached.
pub(crate) fn run(settings: &SettingArgs) -> Result<(), Failure> {
    output::line(format_args!("{:#}", otp_http::openapi(&settings.read()?.public_url)))
}
