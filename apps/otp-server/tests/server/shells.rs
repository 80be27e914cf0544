//! `otp-server completions`: scripts that shells take.

use std::io::Write;
use std::process::{Command, Stdio};

use otp_testbed::service::Home;

const COMMANDS: [&str; 17] = [
    "dev",
    "serve",
    "migrate",
    "config",
    "operator",
    "customer",
    "key",
    "user",
    "audit",
    "secret",
    "email",
    "doctor",
    "healthcheck",
    "completions",
    "suspend",
    "send-test",
    "verify",
];

fn script(shell: &str) -> String {
    let output = Home::empty().run(&["completions", shell]);
    assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_script_of_every_shell_knows_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = script(shell);
        for command in COMMANDS.iter().chain(&["grace-seconds", "log-format"]) {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    assert_eq!(Home::empty().run(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn bash_takes_its_script() {
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script("bash").as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
}
