//! What a worker refuses to start with: exit codes, and one message on stderr.

use std::process::Command;

/// A configuration with nothing missing.
const COMPLETE: [(&str, &str); 4] = [
    ("OTP_DATABASE_URL", "postgres://127.0.0.1:1/otp"),
    ("OTP_SECRET_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
    ("OTP_EMAIL_URL", "smtp://127.0.0.1:1?tls=none"),
    ("OTP_EMAIL_FROM", "Acme <no-reply@acme.example>"),
];

/// Runs the worker in an empty folder until it ends; answers its exit code and what it said.
fn ends(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_otp-worker"))
        .args(arguments)
        .current_dir(&folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.stdout.is_empty(), "a worker has no data to tell");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "a refused worker leaves nothing behind");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// `COMPLETE` with one value changed.
fn complete_but(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    COMPLETE.iter().map(|set| if set.0 == name { (name, value) } else { *set }).collect()
}

#[test]
fn an_embedded_database_takes_no_worker() {
    let (code, said) = ends(&["run"], &complete_but("OTP_DATABASE_URL", "sqlite://otp-data/otp.db"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("one `otp-server serve` process") && said.contains("Postgres"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn everything_that_is_missing_is_listed_at_once_as_serve_does() {
    let (code, said) = ends(&["run"], &[]);
    assert_eq!(code, Some(3), "{said}");
    for name in ["OTP_SECRET_KEY", "OTP_EMAIL_URL", "OTP_EMAIL_FROM"] {
        assert!(said.contains(name), "{said}");
    }
    let (code, said) = ends(&["run"], &complete_but("OTP_EMAIL_URL", "inbox://"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("OTP_EMAIL_URL") && !said.contains("OTP_SECRET_KEY"), "{said}");
}

#[test]
fn flags_win_over_the_environment_and_errors_name_the_setting() {
    let (code, said) = ends(&["--log", "otp_core=loudly", "run"], &COMPLETE);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.starts_with("otp-worker: log "), "{said}");
    let (code, said) = ends(&["run"], &complete_but("OTP_DATABASE_URL", "mysql://localhost/otp"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("database"), "{said}");
    assert_eq!(ends(&["no-such-command"], &COMPLETE).0, Some(2));
}
