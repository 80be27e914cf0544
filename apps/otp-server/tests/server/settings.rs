//! Settings: everything that is wrong with them is told at once, before `serve` would find out, and no secret with it.

use std::process::Command;

use otp_testbed::port::free_port;
use otp_testbed::service::Home;
use serde_json::{Value, json};

/// One that `serve` accepts; nobody listens for its mail.
fn complete() -> Home {
    Home::serving("smtp://127.0.0.1:1?tls=none")
}

/// How a command ended, and what it said on stderr.
fn ended(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let output = home.run(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The same of `config check` with a configuration file that holds `text`.
fn checked(home: &Home, text: &str) -> (Option<i32>, String) {
    let file = home.path().join("otp.toml");
    std::fs::write(&file, text).unwrap();
    ended(home, &["--config", file.to_str().unwrap(), "config", "check"])
}

/// One with the variable `name`, which `serve` and `config check` refuse for what is `named`, without a secret.
fn refused(name: &str, value: &str, named: &str) -> Home {
    let home = complete().with(name, value);
    for command in [["serve"].as_slice(), &["config", "check"]] {
        let (code, said) = ended(&home, command);
        assert_eq!(code, Some(3), "{command:?} {name}={value}: {said}");
        assert!(said.contains(named) && !said.contains("hunter2"), "{said}");
    }
    home
}

#[test]
fn a_misspelt_variable_is_told_and_ignored() {
    let home = complete().with("OTP_LISTN", "hunter2").with("OTP_SECRET_KEY_FIEL", "hunter2");
    let output = home.run(&["config", "check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"ok\n".as_slice()), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.contains("OTP_LISTN ") && said.contains("did you mean OTP_LISTEN?"), "{said}");
    assert!(said.contains("did you mean OTP_SECRET_KEY_FILE?") && !said.contains("hunter2"), "{said}");
    let serving = home.with("OTP_DATABASE_URL", "postgres://127.0.0.1:1/otp");
    let (code, said) = ended(&serving, &["serve"]);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("did you mean OTP_LISTEN?") && !said.contains("hunter2"), "{said}");
    let (code, said) = ended(&Home::empty().with("OTP_SECRET_KE", "hunter2"), &["serve"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("did you mean OTP_SECRET_KEY?"), "where it is missing, above all: {said}");
}

#[test]
fn what_dev_tells_a_shell_and_what_others_read_is_no_mistake() {
    let names =
        ["OTP_URL", "OTP_API_KEY", "OTP_OPERATOR_KEY", "OTP_TEST_X", "OTP_DNS_SERVERS", "OTP_WEBHOOK_ALLOW_NETWORKS"];
    let home = names.into_iter().fold(complete(), |home, name| home.with(name, "x"));
    assert_eq!(ended(&home, &["config", "check"]), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_run_with_is_refused_by_name_by_serve_and_by_check() {
    for (name, value, named) in [
        ("OTP_DATABASE_URL", "postgres://", "postgres://"),
        ("OTP_KV_URL", "memcached://localhost", "redis://"),
        ("OTP_EMAIL_URL", "resend://key@", "resend"),
        ("OTP_EMAIL_URL", "smtp://127.0.0.1:1?colour=red", "email"),
        ("OTP_DATABASE_URL", "mysql://localhost/otp", "postgres://"),
        ("OTP_EMAIL_URL", "smtp://localhost?colour=red", "email"),
        ("OTP_LOG", "otp_core=loudly", "log"),
    ] {
        refused(name, value, named);
    }
}

#[test]
fn a_url_that_its_driver_cannot_read_is_found_before_it_is_connected_to() {
    for (name, url, named) in [
        ("OTP_DATABASE_URL", "postgres://u:hunter2@[bad/db", "database"),
        ("OTP_DATABASE_URL", "postgres://u:hunter2@localhost:99999/db", "database"),
        ("OTP_DATABASE_URL", "postgres://u:hunter2@localhost/db?sslmode=bogus", "database"),
        ("OTP_KV_URL", "redis://:hunter2@[bad", "kv"),
        ("OTP_KV_URL", "redis://:hunter2@localhost:99999", "kv"),
        ("OTP_KV_URL", "rediss://:hunter2@localhost/not-a-number", "kv"),
    ] {
        let home = refused(name, url, named);
        let doctor = home.run(&["doctor"]);
        let said = String::from_utf8_lossy(&doctor.stdout);
        assert!(
            doctor.status.code() == Some(7) && said.contains("config    error") && !said.contains("hunter2"),
            "{said}"
        );
    }
}

#[test]
fn metrics_do_not_take_the_place_of_the_api() {
    let port = free_port();
    for (api, metrics, code) in [
        (format!("127.0.0.1:{port}"), format!("127.0.0.1:{port}"), Some(3)),
        (format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}"), Some(3)),
        (format!("127.0.0.1:{port}"), format!("127.0.0.2:{port}"), Some(0)),
        ("127.0.0.1:0".to_owned(), "127.0.0.1:0".to_owned(), Some(0)),
        (format!("[::1]:{port}"), format!("0.0.0.0:{port}"), Some(0)),
        (format!("127.0.0.1:{port}"), format!("[::]:{port}"), Some(3)),
        (format!("127.0.0.1:{port}"), format!("[::ffff:127.0.0.1]:{port}"), Some(3)),
    ] {
        let home = complete().with("OTP_LISTEN", &api).with("OTP_METRICS_LISTEN", &metrics);
        let (ends, said) = ended(&home, &["config", "check"]);
        assert_eq!(ends, code, "{api} {metrics}: {said}");
        if code == Some(3) {
            let (ends, said) = ended(&home, &["serve"]);
            assert!(ends == code && said.contains("metrics_listen"), "{said}");
        }
    }
}

#[test]
fn whatever_is_wrong_with_a_file_and_beside_it_is_told_at_once() {
    let home = complete().with("OTP_TRUSTED_PROXIES", "everyone").with("OTP_KV_URL", "memcached://localhost");
    let text = "public_url = 5\nworker = \"yes\"\nlgo = 1\ndefault_plan = \"x\"\n[plans.x]\nfoo = 1\n";
    let (code, said) = checked(&home, text);
    assert_eq!(code, Some(3), "{said}");
    for named in ["public_url", "worker", "did you mean log?", "[plans.x]", "trusted_proxies"] {
        assert!(said.contains(named), "{named}: {said}");
    }
    assert!(!said.contains("default_plan"), "there is one of that name: {said}");
    let unread = Home::empty().with("OTP_DEFAULT_PLAN", "x").with("OTP_WORKER", "perhaps");
    let (code, said) = checked(&unread, "[plans.x\n");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("not valid TOML") && said.contains("worker") && !said.contains("default_plan"), "{said}");
    let several = complete().with("OTP_KV_URL", "memcached://localhost").with("OTP_LOG", "otp_core=loudly");
    let (_, said) = ended(&several.with("OTP_EMAIL_FROM", ""), &["config", "check"]);
    for named in ["redis://", "log is not", "OTP_EMAIL_FROM"] {
        assert!(said.contains(named), "{named}: {said}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_why_and_without_the_line() {
    for text in [
        "secret_key = \"hunter2\nlog = \"info\"\n",
        "secret_key = hunter2\n",
        "secret_key = \"hunter2\" hunter2\n",
        "secret_key = \"hunter2\"\nsecret_key = \"hunter2\"\n",
        "secret_key = \"\\hunter2\"\n",
        "hunter2 hunter2\n",
        "[plans\nsecret_key = \"hunter2\"\n",
        "secret_key = 99999999999999999999999\n",
    ] {
        let (code, said) = checked(&complete(), text);
        assert_eq!(code, Some(3), "{text}{said}");
        let (_, why) = said.split_once("not valid TOML near line ").unwrap_or_else(|| panic!("{text}{said}"));
        let (line, why) = why.split_once(": ").unwrap();
        assert!(line.parse::<u32>().is_ok() && why.trim().len() > 5, "{said}");
        assert!(!said.contains("hunter2") && !said.contains("99999999999999999999999"), "{said}");
    }
}

#[test]
fn no_file_is_read_that_never_ends() {
    let secret = Home::empty().with("OTP_SECRET_KEY_FILE", "/dev/zero");
    let config = complete().with("OTP_CONFIG", "/dev/zero");
    for (home, arguments) in
        [(secret, ["config", "check"].as_slice()), (config, &["--config", "/dev/zero", "config", "check"])]
    {
        let check = home.command(arguments);
        // One that reads on uses up what it is given, and is ended.
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -t 10; exec \"$0\" \"$@\""]).arg(check.get_program()).args(check.get_args());
        limited.current_dir(home.path());
        for (name, value) in check.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let output = limited.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("/dev/zero") && said.contains("longer than 1 MiB"), "{said}");
    }
}

#[test]
fn every_plan_is_shown_with_where_it_comes_from() {
    let home = complete();
    let file = home.path().join("otp.toml");
    std::fs::write(&file, "[plans.mine]\nmaxUsers = 7\n[plans.free]\nmaxUsers = 1\n").unwrap();
    let config = ["--config", file.to_str().unwrap(), "config", "dump"];
    let dump = home.json(&[config.as_slice(), &["--json"]].concat());
    let of = |name: &str| dump.as_array().unwrap().iter().find(|entry| entry["name"] == name).cloned().unwrap();
    assert_eq!(
        (&of("plans.mine")["value"]["maxUsers"], &of("plans.mine")["origin"]),
        (&json!(7), &json!("configuration file"))
    );
    assert_eq!(of("plans.free")["origin"], "configuration file");
    assert_eq!((&of("plans.pro")["origin"], &of("plans.pro")["environment"]), (&json!("default"), &Value::Null));
    let table = String::from_utf8(home.run(&config).stdout).unwrap();
    assert!(table.lines().any(|line| line.starts_with("plans.mine ") && line.contains("\"maxUsers\":7")), "{table}");
    // Values stand in one column, behind the longest name, too.
    let column = table.lines().next().unwrap().find("127.0.0.1").unwrap();
    let previous = table.lines().find(|line| line.starts_with("secret_key_previous ")).unwrap();
    assert!(previous[.."secret_key_previous".len()].len() < column, "{table}");
    let origin = |line: &str| line.find(" (").unwrap();
    assert_eq!(origin(previous), origin(table.lines().next().unwrap()), "{table}");
}
