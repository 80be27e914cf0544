//! Commands that end by themselves: exit codes, and what goes to which stream.

use otp_testbed::service::{Home, SECRET};

fn said(output: &std::process::Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn serve_lists_everything_that_is_missing_with_a_fresh_key_that_works() {
    let output = Home::empty().run(&["serve"]);
    let (stdout, stderr) = said(&output);
    assert_eq!((output.status.code(), stdout.as_str()), (Some(3), ""));
    for name in ["OTP_SECRET_KEY", "OTP_EMAIL_URL", "OTP_EMAIL_FROM"] {
        assert!(stderr.contains(name), "{stderr}");
    }
    let fresh = stderr.split_once("OTP_SECRET_KEY=").unwrap().1.lines().next().unwrap();
    let complete = Home::serving("smtp://127.0.0.1:1?tls=none").with("OTP_SECRET_KEY", fresh);
    assert_eq!(complete.run(&["config", "check"]).status.code(), Some(0));
    let (_, again) = said(&Home::empty().run(&["serve"]));
    assert!(!again.contains(fresh), "no key is built in");
}

#[test]
fn serve_does_not_send_mail_to_the_development_mailbox() {
    let output = Home::serving("inbox://").run(&["serve"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn every_error_of_the_configuration_at_once_and_no_secret_among_them() {
    let home = Home::empty()
        .with("OTP_SECRET_KEY", "hunter2-is-no-key")
        .with("OTP_EMAIL_URL", "smtp://user:hunter2@host:587?colour=red")
        .with("OTP_TRUSTED_PROXIES", "everyone")
        .with("OTP_WORKER", "perhaps");
    let output = home.run(&["config", "check"]);
    let (_, stderr) = said(&output);
    assert_eq!(output.status.code(), Some(3));
    for name in ["secret_key", "trusted_proxies", "worker"] {
        assert!(stderr.contains(name), "{name}: {stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn unknown_members_are_errors_with_a_suggestion() {
    let home = Home::empty();
    let file = home.path().join("otp.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:1\"\n[plans.mine]\notpRequestsPerHuor = 3\n").unwrap();
    let output = home.run(&["--config", file.to_str().unwrap(), "config", "check"]);
    let (_, stderr) = said(&output);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr.contains("did you mean listen?") && stderr.contains("plans.mine"), "{stderr}");
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let home = Home::serving("smtp://user:hunter2@127.0.0.1:1?tls=none").with("OTP_LOG", "debug");
    let file = home.path().join("otp.toml");
    std::fs::write(
        &file,
        "log = \"error\"\nlog_format = \"text\"\nworker = false\ntrusted_proxies = [\"10.0.0.0/8\"]\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let dump = home.json(&["--config", file, "--log-format", "json", "config", "dump", "--json"]);
    let of = |name: &str| {
        let value = dump.as_array().unwrap().iter().find(|value| value["name"] == name).unwrap();
        format!("{} {}", value["value"].as_str().unwrap(), value["origin"].as_str().unwrap())
    };
    assert_eq!(of("log_format"), "json flag");
    assert_eq!(of("log"), "debug environment OTP_LOG");
    assert_eq!(of("worker"), "false configuration file");
    assert_eq!(of("trusted_proxies"), "10.0.0.0/8 configuration file");
    assert_eq!(of("default_plan"), "free default");
    assert_eq!(of("secret_key"), "*** environment OTP_SECRET_KEY");
    assert!(!dump.to_string().contains("hunter2"));
}

#[test]
fn a_secret_may_stand_in_a_file_but_not_in_both_places() {
    let home = Home::empty();
    let file = home.path().join("key");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let complete = home
        .with("OTP_SECRET_KEY_FILE", file.to_str().unwrap())
        .with("OTP_EMAIL_URL", "smtp://127.0.0.1:1?tls=none")
        .with("OTP_EMAIL_FROM", "no-reply@acme.example");
    assert_eq!(complete.run(&["config", "check"]).status.code(), Some(0));
    let both = complete.with("OTP_SECRET_KEY", SECRET);
    assert_eq!(both.run(&["config", "check"]).status.code(), Some(3));
}

#[test]
fn a_server_that_is_not_there_is_unreachable_and_not_a_mistake() {
    let home =
        Home::serving("smtp://127.0.0.1:1?tls=none").with("OTP_DATABASE_URL", "postgres://u:hidden@127.0.0.1:1/otp");
    for command in [["serve"].as_slice(), &["migrate", "status"], &["operator", "create"]] {
        let output = home.run(command);
        let (_, stderr) = said(&output);
        assert_eq!(output.status.code(), Some(6), "{command:?}: {stderr}");
        assert!(!stderr.contains("hidden"), "{stderr}");
    }
    assert_eq!(home.run(&["config", "check"]).status.code(), Some(0));
}

#[test]
fn another_secret_key_does_not_open_a_database() {
    let home = Home::serving("smtp://127.0.0.1:1?tls=none");
    assert!(home.run(&["migrate", "up"]).status.success());
    assert!(home.run(&["operator", "create"]).status.success());
    let other = home.with("OTP_SECRET_KEY", "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=");
    let output = other.run(&["operator", "create"]);
    let (_, stderr) = said(&output);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr.contains("secret key"), "{stderr}");
}

#[test]
fn usage_and_reachability_have_codes_of_their_own() {
    let home = Home::empty();
    assert_eq!(home.run(&["no-such-command"]).status.code(), Some(2));
    for name in ["", " ", "two\nlines", &"n".repeat(101)] {
        let create = home.run(&["customer", "create", "--email", "owner@acme.example", "--name", name]);
        assert_eq!(create.status.code(), Some(2), "{name:?}");
    }
    let url = format!("{}/health/live", home.url());
    assert_eq!(home.run(&["healthcheck", &url]).status.code(), Some(6));
    let server = home.start(&["dev"]);
    assert_eq!(home.run(&["healthcheck", &url]).status.code(), Some(0));
    assert_eq!(home.run(&["healthcheck", &format!("{}/nowhere", home.url())]).status.code(), Some(1));
    drop(server);
    let generated = home.run(&["secret", "generate"]);
    assert_eq!(said(&generated).0.trim().len(), 44);
}

#[test]
fn a_command_whose_data_nobody_gets_has_failed() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Home::empty().command(&["secret", "generate"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output).1);
}

#[test]
fn a_mistyped_path_makes_no_database() {
    let home = Home::serving("smtp://127.0.0.1:1?tls=none");
    assert_eq!(home.run(&["operator", "create"]).status.code(), Some(3));
    assert!(home.files().is_empty());
}
