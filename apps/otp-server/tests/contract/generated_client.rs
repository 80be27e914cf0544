//! A client in another language, made of the document by a generator that has never heard of this service.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use otp_testbed::python::{Python, succeeded};
use otp_testbed::service::code;

use crate::subject::Subject;

/// Who signs in by it.
const USER: &str = "grace@example.org";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_client_signs_a_user_in() {
    let Some(python) = Python::given() else { return };
    let subject = Subject::on(None).await;
    let document = subject.home.path().join("openapi.json");
    std::fs::write(&document, subject.home.run(&["openapi"]).stdout).unwrap();
    let mut generate = python.command("openapi-python-client");
    generate.args(["generate", "--meta", "none", "--output-path", "otp_client", "--fail-on-warning", "--path"]);
    succeeded(&generate.arg(&document).current_dir(subject.home.path()).output().unwrap());

    let mut client = python.command("python");
    client.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/sign_in.py")).arg(USER);
    client.env("PYTHONPATH", subject.home.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut client = subject.open_to(&mut client).spawn().unwrap();
    // It has asked for a code, and waits for who reads the mail.
    let mut said = BufReader::new(client.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    if line.trim() == "code?" {
        let code = code(&subject.sink, USER).await;
        writeln!(client.stdin.take().unwrap(), "{code}").unwrap();
    }
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
    let output = client.wait_with_output().unwrap();
    succeeded(&output);
    assert_eq!(rest.trim(), format!("{USER} is signed in, and out again"));
}
