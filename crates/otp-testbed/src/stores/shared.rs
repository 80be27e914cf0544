//! The servers all tests of a run share: each makes a schema or a prefix of its own there. They are
//! started once, by `cargo xtask test` or `cargo xtask services`, which tell where they are.

use std::io::Write;
use std::process::Command;
use std::sync::Once;

/// Where the shared Postgres is.
pub const POSTGRES: &str = "OTP_TEST_POSTGRES_URL";
/// Where the shared Redis is.
pub const REDIS: &str = "OTP_TEST_REDIS_URL";
/// Set where a test that is skipped would be a mistake.
pub const REQUIRED: &str = "OTP_TEST_REQUIRE_SERVERS";

/// The shared Postgres. Without one the caller's test has nothing to do; stderr says so.
///
/// # Panics
/// When there is none and [`REQUIRED`] is set.
pub fn postgres_url() -> Option<String> {
    static TOLD: Once = Once::new();
    given(POSTGRES, &TOLD)
}

/// The shared Redis. Without one the caller's test has nothing to do; stderr says so.
///
/// # Panics
/// When there is none and [`REQUIRED`] is set.
pub fn redis_url() -> Option<String> {
    static TOLD: Once = Once::new();
    given(REDIS, &TOLD)
}

/// Nothing, unless `program` is installed, which tells its version when called with `asked`: the caller's test has nothing to
/// do then; stderr says so.
///
/// # Panics
/// When it is not and [`REQUIRED`] is set.
pub fn installed(program: &str, asked: &str, told: &Once) -> Option<()> {
    if Command::new(program).arg(asked).output().is_ok() {
        return Some(());
    }
    assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {program} is not installed");
    tell(told, &format!("{program} IS NOT INSTALLED"));
    None
}

/// What the variable `name` holds. Where it is not set, stderr is told once, or it is a mistake.
#[expect(clippy::disallowed_methods, reason = "what tests run on is no configuration of the service")]
pub(crate) fn given(name: &str, told: &Once) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {name} is not");
        tell(told, &format!("{name} IS NOT SET"));
    }
    value
}

/// Says once that tests are skipped. Not by `eprintln`, which the test runner hides while tests pass.
fn tell(told: &Once, why: &str) {
    told.call_once(|| {
        writeln!(std::io::stderr(), "\n{why}: TESTS ARE SKIPPED. `cargo xtask services` sets it up.\n").ok();
    });
}
