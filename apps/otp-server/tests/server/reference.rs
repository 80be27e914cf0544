//! Every command of the reference, typed as it stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use otp_testbed::service::{Home, Server, until};
use serde_json::Value;

/// In this order each finds what it needs. A session that was ended is begun anew by the same two commands.
const ORDER: [&[&str]; 9] = [
    &["getHealth", "getReadiness", "getLiveness", "getOpenApi", "showDocs", "showErrors", "showGuide"],
    &["getOwnCustomer", "getCustomer", "setCustomerPlan", "listCustomers", "renameOwnCustomer", "getUsage"],
    &["requestOtp", "verifyOtp", "getMe", "refreshSession", "introspectToken", "getKeys", "getTestKeys"],
    &["createApiKey", "listApiKeys", "rotateApiKey", "revokeApiKey", "getOnboarding", "setOnboarding", "sendTestOtp"],
    &[
        "getConfig",
        "updateConfig",
        "updateEmailConfig",
        "listConfigVersions",
        "getConfigVersion",
        "restoreConfigVersion",
        "getAnalytics",
        "getRealtimeAnalytics",
        "getErrorAnalytics",
        "listAuditEvents",
    ],
    &["listUsers", "getUser", "listSessions", "getSession", "exportUser", "logout"],
    &["requestOtp", "verifyOtp", "endSession", "endSessions", "eraseUser"],
    &["registerCustomer", "suspendCustomer", "activateCustomer", "setCustomerStatus"],
    &["signUp", "showSignup", "confirmSignup"],
];
/// The other way to open an account, which takes another address.
const AGAIN: [&str; 2] = ["signUp", "verifySignup"];

/// Whose account is opened in the reference.
const APPLICANT: &str = "grace@example.net";

/// Somebody at a shell, with the reference before him.
struct Reader {
    home: Home,
    server: Server,
    commands: BTreeMap<String, String>,
    variables: BTreeMap<&'static str, String>,
    made: BTreeSet<String>,
    /// Whose account is opened.
    applicant: &'static str,
    /// How many mails of each person.
    read: BTreeMap<&'static str, usize>,
}

impl Reader {
    async fn begin() -> Self {
        let home = Home::empty();
        let server = home.start(&["dev"]);
        let page = server.request(reqwest::Method::GET, "/docs").send().await.unwrap().text().await.unwrap();
        let kept = std::fs::read_to_string(home.path().join("otp-data/dev.env")).unwrap();
        let kept =
            |name: &str| kept.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap().to_owned();
        let variables = ["OTP_URL", "OTP_API_KEY", "OTP_OPERATOR_KEY"].map(|name| (name, kept(name))).into();
        Self {
            commands: commands(&page),
            home,
            server,
            variables,
            made: BTreeSet::new(),
            applicant: APPLICANT,
            read: BTreeMap::new(),
        }
    }

    /// Types the command of the operation `id`, and notes what is needed of its answer.
    async fn types(&mut self, id: &str) {
        let command = self.commands[id].replace(APPLICANT, self.applicant);
        let command = format!("{command} -o answer -w '%{{http_code}}'");
        let mut shell = Command::new("sh");
        shell.args(["-euc", &command]).current_dir(self.home.path()).envs(&self.variables);
        let output = shell.output().unwrap();
        let answer = std::fs::read_to_string(self.home.path().join("answer")).unwrap_or_default();
        let status = String::from_utf8(output.stdout).unwrap();
        assert!(status.starts_with('2'), "{command}\n{status} {answer}\n{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        for (member, variable) in [
            ("/customer/customerId", "CUSTOMER_ID"),
            ("/challengeId", "CHALLENGE_ID"),
            ("/token", "TOKEN"),
            ("/refreshToken", "REFRESH_TOKEN"),
            ("/userId", "USER_ID"),
            ("/sessionId", "SESSION_ID"),
            ("/keyId", "KEY_ID"),
        ] {
            if let Some(value) = answer.pointer(member).and_then(Value::as_str) {
                self.variables.insert(variable, value.to_owned());
            }
        }
        match id {
            "requestOtp" => self.reads_mail("ada@example.org").await,
            "signUp" => self.reads_mail(self.applicant).await,
            _ => {}
        }
        self.made.insert(id.to_owned());
    }

    /// Notes what the next mail to `whom` has.
    async fn reads_mail(&mut self, whom: &'static str) {
        let read = self.read.entry(whom).or_default();
        until("the mail is there", async || mails(&self.server, whom).await.len() > *read).await;
        let mails = mails(&self.server, whom).await;
        *read = mails.len();
        let text = mails[0]["text"].as_str().unwrap();
        let code = mails[0]["code"].as_str().unwrap().to_owned();
        if let Some((_, link)) = text.split_once("token=") {
            self.variables.insert("LINK_TOKEN", link.split_whitespace().next().unwrap().to_owned());
            self.variables.insert("SIGNUP_CODE", code);
        } else {
            // As it may be copied.
            let (begin, end) = code.split_at(3);
            self.variables.insert("CODE", format!("{begin} {end}"));
        }
    }
}

/// Those to `whom`, the newest first.
async fn mails(server: &Server, whom: &str) -> Vec<Value> {
    let (_, found) = server.get(&format!("/dev/inbox.json?to={whom}")).await;
    found["mails"].as_array().unwrap().clone()
}

/// The command of every call on `page`, by operation.
fn commands(page: &str) -> BTreeMap<String, String> {
    let sections = page.split("<h3 id=\"").skip(1);
    let commands = sections.map(|section| {
        let (id, rest) = section.split_once('"').unwrap();
        let (_, rest) = rest.split_once("<h4>Try it</h4><pre><code>").expect(id);
        let (command, _) = rest.split_once("</code>").unwrap();
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        let command = entities.into_iter().fold(command.to_owned(), |text, (entity, is)| text.replace(entity, is));
        (id.to_owned(), command)
    });
    commands.collect()
}

#[tokio::test]
async fn every_command_of_the_reference_works_as_it_is_typed() {
    let mut reader = Reader::begin().await;
    for id in ORDER.into_iter().flatten() {
        reader.types(id).await;
    }
    reader.applicant = "joan@example.net";
    for id in AGAIN {
        reader.types(id).await;
    }
    assert_eq!(reader.made, reader.commands.into_keys().collect());
}
