//! Whether the configuration is complete, and can be run with.

use otp_wire::config::Config;
use otp_wire::process::Requirements;

use super::super::refusals;
use super::finding::{Check, Finding};

/// Everything that `serve` would refuse to start with.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let error = |wrong: String| Finding::error(Check::Config, wrong);
    let mut findings = Vec::new();
    let missing = Requirements::missing(config);
    if !missing.is_empty() {
        let what = error(format!("not set, or not fit for `serve`: {}", missing.join(", ")));
        findings.push(what.fix("`otp-server serve` says how to set them, with a fresh secret key"));
    }
    findings.extend(refusals(config).into_iter().map(error));
    if !config.public_url_is_set {
        let url = &config.public_url;
        let unknown = format!("public_url is not set: tokens and links are issued in the name of {url}");
        findings.push(Finding::warning(Check::Config, unknown).fix("OTP_PUBLIC_URL=https://… as clients reach it"));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(Check::Config, "complete"));
    }
    findings
}
