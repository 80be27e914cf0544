//! What a worker refuses to start with: exit codes, and one message on stderr.

use otp_testbed::service::Home;

/// A home with nothing missing, and a database that nobody answers for.
fn complete() -> Home {
    Home::serving("smtp://127.0.0.1:1?tls=none").with("OTP_DATABASE_URL", "postgres://127.0.0.1:1/otp")
}

/// Runs the worker until it ends; answers its exit code and what it said.
fn ends(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let output = home.command_of("otp-worker", arguments).output().unwrap();
    assert!(output.stdout.is_empty(), "a worker has no data to tell");
    assert!(home.files().is_empty(), "a refused worker leaves nothing behind");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_embedded_database_takes_no_worker() {
    let (code, said) = ends(&complete().with("OTP_DATABASE_URL", "sqlite://otp-data/otp.db"), &["run"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("one `otp-server serve` process") && said.contains("Postgres"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn everything_that_is_missing_is_listed_at_once_as_serve_does() {
    let (code, said) = ends(&Home::empty(), &["run"]);
    assert_eq!(code, Some(3), "{said}");
    for name in ["OTP_SECRET_KEY", "OTP_EMAIL_URL", "OTP_EMAIL_FROM"] {
        assert!(said.contains(name), "{said}");
    }
    let (code, said) = ends(&complete().with("OTP_EMAIL_URL", "inbox://"), &["run"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("OTP_EMAIL_URL") && !said.contains("OTP_SECRET_KEY"), "{said}");
}

#[test]
fn flags_win_over_the_environment_and_errors_name_the_setting() {
    let (code, said) = ends(&complete(), &["--log", "otp_core=loudly", "run"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.starts_with("otp-worker: log "), "{said}");
    let (code, said) = ends(&complete().with("OTP_DATABASE_URL", "mysql://localhost/otp"), &["run"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("database"), "{said}");
    assert_eq!(ends(&complete(), &["no-such-command"]).0, Some(2));
}

#[test]
fn a_misspelt_variable_is_told_as_serve_does() {
    let (code, said) = ends(&complete().with("OTP_WORKR", "hunter2"), &["run"]);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("did you mean OTP_WORKER?") && !said.contains("hunter2"), "{said}");
}
