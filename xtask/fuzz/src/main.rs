//! One program for every target; the variable `OTP_FUZZ` names the one it works on. `cargo xtask fuzz` builds and runs it.
//!
//! To add a target: a function of what the fuzzer makes up, a line in [`TARGETS`], and a folder of seeds of its name, where what
//! it has found stays as a regression test.

#![no_main]

mod calls;
mod service;
mod tokens;
mod values;

use std::sync::LazyLock;

/// What a target does with what the fuzzer makes up; it panics when a rule is broken.
type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 11] = [
    ("email", values::email),
    ("api_key", values::api_key),
    ("network", values::network),
    ("origin", calls::origin),
    ("token", tokens::access),
    ("refresh_token", tokens::refresh),
    ("cookie", calls::cookie),
    ("query", calls::query),
    ("idempotency_key", calls::idempotency_key),
    ("json", calls::json),
    ("http", calls::http),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("OTP_FUZZ").unwrap_or_default();
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.unwrap_or_else(|| panic!("OTP_FUZZ names no target: {name:?}")).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
