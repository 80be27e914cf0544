//! What a newcomer does first.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use otp_testbed::service::Home;
use serde_json::Value;

/// Runs a shell script in `home`; answers what it wrote, line by line.
fn shell(home: &Home, script: &str) -> Vec<String> {
    let output = Command::new("sh").arg("-ec").arg(script).current_dir(home.path()).output().unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The lines of `text` that are shell commands to copy.
fn commands(text: &str) -> String {
    let lines =
        text.lines().filter(|line| line.starts_with("curl ") || line.starts_with("CODE=") || line.starts_with(". "));
    // Answers do not end in a line break; a reader of a terminal does not mind.
    lines.map(|line| format!("{line}; echo\n")).collect()
}

async fn signs_in(home: &Home, script: &str) {
    let server = home.start(&["dev"]);
    let script = if script.is_empty() { commands(&server.said()) } else { script.to_owned() };
    let answers: Vec<Value> = shell(home, &script).iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let asked = answers.iter().find(|answer| answer["challengeId"].is_string()).expect("no challenge");
    assert_eq!(asked["success"], true);
    let token = answers.iter().map(|answer| &answer["token"]).find(|token| token.is_string()).expect("no token");
    let (status, me) = server.me(token).await;
    assert_eq!((status, &me["email"]), (200, &Value::from("ada@example.org")));
}

#[tokio::test]
async fn the_three_lines_that_dev_prints_sign_in() {
    signs_in(&Home::empty(), "").await;
}

#[tokio::test]
async fn the_transcript_of_the_readme_signs_in() {
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("```sh\n. otp-data/dev.env\n").expect("the README has no transcript");
    let (transcript, _) = rest.split_once("```").unwrap();
    signs_in(&Home::empty(), &commands(&format!(". otp-data/dev.env\n{transcript}"))).await;
}

#[tokio::test]
async fn the_mailbox_is_a_page_and_json_for_loopback_alone() {
    let home = Home::empty();
    let server = home.start(&["dev"]);
    let key = kept(&home, "OTP_API_KEY");
    server.ask(&key, "ada+tag@example.org").await;
    let (status, found) = server.get("/dev/inbox.json?to=ada%2Btag@example.org&wait=20").await;
    assert_eq!(status, 200);
    let code = found["mails"][0]["code"].as_str().unwrap();
    assert_eq!(code.len(), 9);
    let (_, none) = server.get("/dev/inbox.json?to=bob@example.org").await;
    assert_eq!(none["mails"], Value::Array(Vec::new()));
    let page = server.request(reqwest::Method::GET, "/dev/inbox").send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    assert!(page.contains(code) && !page.contains("<script"));
    // A foreign page that points its own name at this machine must not read the mailbox.
    for path in ["/dev/inbox.json", "/dev/inbox", "/health"] {
        let foreign = server.request(reqwest::Method::GET, path).header("Host", "evil.example").send().await.unwrap();
        assert_eq!(foreign.status(), 403, "{path}");
        assert!(!foreign.text().await.unwrap().contains(code));
    }
    assert_eq!(server.get("/dev/inbox.json?wait=soon").await.0, 400);
}

#[tokio::test]
async fn keys_are_kept_for_the_next_run_and_private() {
    let home = Home::empty();
    drop(home.start(&["dev"]));
    let first = kept(&home, "OTP_API_KEY");
    drop(home.start(&["dev"]));
    assert_eq!(kept(&home, "OTP_API_KEY"), first);
    for file in ["dev.env", "secret.key", "otp.db"] {
        assert_eq!(mode(&home, file), 0o600, "{file}");
    }
    let elsewhere = home.with("OTP_LISTEN", "127.0.0.1:0");
    std::fs::set_permissions(elsewhere.path().join("otp-data/dev.env"), PermissionsExt::from_mode(0o644)).unwrap();
    let server = elsewhere.start(&["dev"]);
    assert!(server.said().contains(&kept(&elsewhere, "OTP_URL")), "the file tells where the last run listened");
    assert_eq!(kept(&elsewhere, "OTP_API_KEY"), first);
    assert_eq!(mode(&elsewhere, "dev.env"), 0o600);
    drop(server);
    let home = elsewhere;
    drop(home.start(&["dev", "--reset"]));
    assert_ne!(kept(&home, "OTP_API_KEY"), first);
}

#[test]
fn a_database_that_dev_did_not_make_is_not_begun_anew() {
    let home = Home::serving("smtp://127.0.0.1:1?tls=none");
    assert!(home.run(&["migrate", "up"]).status.success());
    let (customer, _) = home.customer("free");
    let refused = |home: &Home| {
        // One that is not refused cannot listen, and does not run for ever.
        let _taken = TcpListener::bind(("127.0.0.1", home.port)).unwrap();
        let output = home.run(&["dev", "--reset"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("otp.db was not made by `dev`") && said.contains("OTP_DATABASE_URL"), "{said}");
        assert!(String::from_utf8(home.run(&["customer", "list"]).stdout).unwrap().contains(&customer));
    };
    refused(&home);
    // That `dev` ran on it does not make it its own, nor do the keys of another beside it.
    drop(home.start(&["dev"]));
    refused(&home);
    let beside = home.with("OTP_DATABASE_URL", "sqlite://otp-data/dev.db");
    drop(beside.start(&["dev"]));
    refused(&beside.with("OTP_DATABASE_URL", "sqlite://otp-data/otp.db"));
}

#[test]
fn a_run_that_could_not_listen_may_be_begun_anew() {
    let home = Home::empty();
    let taken = TcpListener::bind(("127.0.0.1", home.port)).unwrap();
    assert_eq!(home.run(&["dev"]).status.code(), Some(1));
    assert!(home.path().join("otp-data/otp.db").exists());
    drop(taken);
    drop(home.start(&["dev", "--reset"]));
}

#[test]
fn where_mail_really_goes_out_no_mailbox_is_promised() {
    let home = Home::empty().with("OTP_EMAIL_URL", "smtp://user:hunter2@127.0.0.1:1?tls=none");
    let server = home.start(&["dev"]);
    let said = server.said();
    assert!(!said.contains("/dev/inbox") && !said.contains("hunter2"), "{said}");
    assert!(said.contains("smtp://*** (environment OTP_EMAIL_URL)") && said.contains("/auth/verify-otp"), "{said}");
}

#[test]
fn dev_stays_on_this_machine() {
    let output = Home::empty().run(&["dev", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(3));
}

fn mode(home: &Home, file: &str) -> u32 {
    std::fs::metadata(home.path().join("otp-data").join(file)).unwrap().permissions().mode() & 0o777
}

fn kept(home: &Home, name: &str) -> String {
    let text = std::fs::read_to_string(home.path().join("otp-data/dev.env")).unwrap();
    text.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap().to_owned()
}
