//! What is shown once, and nobody gets: it is not made, or it is said how to take it back.

use std::process::{Command, Output};

use otp_testbed::service::Home;

/// One with a customer; answers its id, too.
fn migrated() -> (Home, String) {
    let home = Home::serving("smtp://127.0.0.1:1?tls=none");
    assert!(home.run(&["migrate", "up"]).status.success());
    let (customer, _) = home.customer("free");
    (home, customer)
}

/// Runs a command with its stdout sent where `redirection` says.
fn redirected(home: &Home, arguments: &[&str], redirection: &str) -> Output {
    let command = home.command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")]).arg(command.get_program());
    shell.args(command.get_args()).current_dir(home.path()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nothing_is_made_that_nobody_would_see() {
    let (home, customer) = migrated();
    let key = home.json(&["key", "create", &customer, "--json"])["keyId"].as_str().unwrap().to_owned();
    let keys = || home.run(&["key", "list", &customer]).stdout;
    let (before, customers) = (keys(), home.run(&["customer", "list"]).stdout);
    for arguments in [
        ["operator", "create"].as_slice(),
        &["customer", "create", "--name", "Beta", "--email", "owner@beta.example"],
        &["key", "create", &customer],
        &["key", "rotate", &customer, &key],
        &["secret", "generate"],
    ] {
        for redirection in [">&-", ">/dev/null", ">/dev/full", "1</dev/zero"] {
            let output = redirected(&home, arguments, redirection);
            assert_eq!(output.status.code(), Some(1), "{arguments:?} {redirection}: {}", said(&output));
            assert!(said(&output).contains("stdout"), "{}", said(&output));
        }
    }
    assert_eq!((keys(), home.run(&["customer", "list"]).stdout), (before, customers));
    assert!(
        redirected(&home, &["key", "list", &customer], ">/dev/null").status.success(),
        "what is asked for again may go there"
    );
}

#[test]
fn a_key_that_was_made_and_could_not_be_written_is_named_with_how_to_take_it_back() {
    let (home, customer) = migrated();
    for arguments in [
        ["operator", "create"].as_slice(),
        &["operator", "create", "--json"],
        &["customer", "create", "--name", "Beta", "--email", "owner@beta.example"],
        &["key", "create", &customer],
    ] {
        // A pipe whose reader is gone shows when it is written to, and no sooner.
        let (_, pipe) = std::io::pipe().unwrap();
        let output = home.command(arguments).stdout(pipe).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let (_, revoke) = said.split_once("`otp-server ").unwrap_or_else(|| panic!("{said}"));
        let revoke: Vec<&str> = revoke.split('`').next().unwrap().split(' ').collect();
        assert_eq!(revoke[..2], ["key", "revoke"], "{said}");
        let revoked = home.run(&revoke);
        assert_eq!(revoked.stdout, b"revoked\n", "{}", String::from_utf8_lossy(&revoked.stderr));
    }
}
