//! Signing up, by code and by link.

use axum::http::Method;
use insta::{Settings, assert_snapshot};
use otp_core::audit::AuditEvent;
use otp_core::fault::FaultKind;
use otp_core::id::TenantId;
use otp_core::port::Age;
use serde_json::{Value, json};

use crate::gate::Trouble;
use crate::world::{ADA, Answer, World, code_in, other_than, text};

/// The wish of `email` for an account.
pub(crate) fn wish(email: &str) -> Value {
    json!({ "email": email, "companyName": " Acme & Sons " })
}

impl World {
    /// Signs `email` up; answers the code and the token mailed.
    pub(crate) async fn signed_up(&self, email: &str) -> (String, String) {
        self.post("/signup", wish(email)).send().await.ok();
        let mails = self.deliver().await;
        assert_eq!(mails.len(), 1, "one mail for one signup");
        (code_in(&mails[0]), token_in(&mails[0]))
    }

    pub(crate) async fn verify(&self, body: Value) -> Answer {
        self.post("/signup/verify", body).send().await
    }

    /// The form of the page, sent as a browser does.
    pub(crate) async fn confirm(&self, token: &str) -> Answer {
        let form =
            self.ask(Method::POST, "/signup/confirm").header("content-type", "application/x-www-form-urlencoded");
        form.body(format!("token={token}")).send().await
    }

    /// How often each of `events` stands in the trail of `tenant`.
    pub(crate) async fn told<const N: usize>(&self, tenant: TenantId, events: [AuditEvent; N]) -> [usize; N] {
        let trail = self.services.deployment.stores().audit.recent(tenant, 1_000).await.unwrap();
        events.map(|event| trail.iter().filter(|entry| entry.event == event).count())
    }
}

/// The token of the link in a mail, which stands alone on its line.
fn token_in(mail: &str) -> String {
    let link = mail.lines().find_map(|line| line.strip_prefix("https://otp.example.org/signup/confirm?token="));
    link.expect("a link alone on its line").to_owned()
}

fn page(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[tokio::test]
async fn a_code_opens_an_account_whose_keys_work() {
    let world = World::new().await;
    let asked = world.post("/signup", wish("Ada@Example.org")).header("accept-language", "de").send().await.ok();
    assert_eq!(asked["expiresAt"], "2023-11-15T22:13:20.000Z");
    let mail = world.deliver().await.remove(0);
    assert!(mail.contains("24 Stunden"), "{mail}");

    let body = json!({ "email": ADA, "code": format!(" {}-{}", &code_in(&mail)[..3], &code_in(&mail)[3..]) });
    let answer = world.verify(body.clone()).await;
    assert_eq!(answer.status, 201);
    let opened = answer.json();
    assert_eq!(opened["customerId"], opened["customer"]["customerId"]);
    assert_eq!(opened["customer"]["email"], ADA);
    for name in ["name", "companyName"] {
        assert_eq!(opened["customer"][name], "Acme & Sons");
    }
    assert_eq!((&opened["customer"]["plan"], &opened["customer"]["status"]), (&json!("free"), &json!("active")));

    let secret = text(&opened, "apiKey");
    let me = world.get("/admin/customers/me").key(&secret).send().await.ok();
    assert_eq!(me["customer"], opened["customer"]);
    let keys = format!("/admin/customers/{}/api-keys", text(&opened, "customerId"));
    let keys = world.get(&keys).key(&secret).send().await.ok();
    let kinds: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| text(key, "kind")).collect();
    assert_eq!(kinds, ["secret", "publishable"]);
    assert_eq!(keys["keys"][0]["keyId"], opened["keyId"]);
    let config = json!({ "config": { "allowedOrigins": ["https://acme.example"] } });
    world.ask(Method::PUT, "/admin/config").key(&secret).json(config).send().await.ok();
    let publishable = text(&opened, "publishableKey");
    let from_page = world.post("/auth/request-otp", json!({ "email": "bob@example.org" })).key(&publishable);
    from_page.header("origin", "https://acme.example").send().await.ok();

    assert_eq!(world.verify(body).await.problem(), (401, "otp_expired".to_owned()), "a code works once");
    let id = text(&opened, "customerId").parse().unwrap();
    let told = [AuditEvent::SignupVerified, AuditEvent::CustomerCreated, AuditEvent::ApiKeyCreated];
    assert_eq!(world.told(id, told).await, [1, 1, 2]);
    assert_eq!(world.told(TenantId::SERVICE, [AuditEvent::SignupRequested, AuditEvent::OtpFailed]).await, [1, 0]);
}

#[tokio::test]
async fn a_token_opens_an_account_too_and_only_a_genuine_one() {
    let world = World::new().await;
    let (code, token) = world.signed_up(ADA).await;
    let (_, others) = world.signed_up("bob@example.org").await;
    let (id, mac) = token.split_once('.').unwrap();
    let forged = [
        format!("{id}.{}", others.split_once('.').unwrap().1),
        format!("{id}.{}", mac.chars().rev().collect::<String>()),
        id.to_owned(),
        "otp_su_x".to_owned(),
        String::new(),
    ];
    for forged in forged {
        assert_eq!(
            world.verify(json!({ "token": forged })).await.problem(),
            (401, "otp_expired".to_owned()),
            "{forged}"
        );
    }
    let opened = world.verify(json!({ "token": token })).await.ok();
    assert_eq!(opened["customer"]["email"], ADA);
    assert_eq!(world.verify(json!({ "email": ADA, "code": code })).await.code(), "otp_expired");
    world.verify(json!({ "token": others })).await.ok();
}

#[tokio::test]
async fn what_is_asked_for_is_checked_as_a_whole() {
    let world = World::new().await;
    let faulty = json!({ "email": "ada", "companyName": "", "plan": "enterprise" });
    let faults = world.post("/signup", faulty).send().await.faults();
    let expected = [("/companyName", "empty"), ("/email", "invalid_email"), ("/plan", "unknown_member")];
    assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let faults = async |body| world.verify(body).await.faults();
    let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    assert_eq!(faults(json!({ "email": ADA })).await, one("/code", "required"));
    assert_eq!(faults(json!({ "email": ADA, "token": "x" })).await, one("", "code_or_token"));
    assert_eq!(faults(json!({ "token": 1 })).await, one("/token", "invalid_type"));
    let short = world.verify(json!({ "email": ADA, "code": "123456" })).await;
    assert_eq!(short.problem(), (400, "invalid_otp_format".to_owned()));
}

#[tokio::test]
async fn an_address_with_an_account_is_answered_alike_and_told_by_mail() {
    let world = World::new().await;
    let ask = async |email: &str| world.post("/signup", wish(email)).send().await;
    let (free, taken) = (ask(ADA).await, ask("owner@example.example").await);
    let headers = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        headers
    };
    assert_eq!((free.status, &free.body, headers(&free)), (taken.status, &taken.body, headers(&taken)));

    let mails = world.deliver().await;
    assert!(mails[1].contains("has an account already") && !mails[1].contains("https://"), "{}", mails[1]);
    assert!(!mails[1].lines().any(|line| line.len() == 9 && line.bytes().all(|octet| octet.is_ascii_digit())));
    for email in [ADA, "owner@example.example"] {
        let mut answers = Vec::new();
        for _ in 0..6 {
            let answer = world.verify(json!({ "email": email, "code": other_than(&code_in(&mails[0])) })).await;
            answers.push((answer.code(), answer.json()["remainingAttempts"].clone()));
        }
        let wrong = [4, 3, 2, 1, 0].map(|left| ("otp_invalid".to_owned(), json!(left)));
        assert_eq!(answers[..5], wrong, "{email}");
        assert_eq!(answers[5].0, "otp_attempts_exceeded", "{email}");
    }
    // A new signup brings new attempts.
    let (code, _) = world.signed_up(ADA).await;
    world.verify(json!({ "email": ADA, "code": code })).await.ok();
}

#[tokio::test]
async fn an_account_made_meanwhile_is_not_doubled() {
    let world = World::new().await;
    let (code, token) = world.signed_up(ADA).await;
    let by_hand = json!({ "name": "Ada", "email": ADA });
    world.post("/admin/customers", by_hand).key(&world.operator).send().await.ok();
    assert_eq!(world.verify(json!({ "email": ADA, "code": code })).await.problem(), (409, "email_taken".to_owned()));
    assert_eq!(world.verify(json!({ "token": token })).await.code(), "otp_expired", "the code is spent");
}

#[tokio::test]
async fn codes_and_links_die_after_a_day() {
    let world = World::new().await;
    let (code, token) = world.signed_up(ADA).await;
    world.advance(24 * 3600 - 1);
    assert_eq!(world.get(&format!("/signup/confirm?token={token}")).send().await.status, 200);
    world.advance(1);
    assert_eq!(world.verify(json!({ "email": ADA, "code": code })).await.code(), "otp_expired");
    assert_eq!(world.verify(json!({ "token": token })).await.code(), "otp_expired");
    assert_eq!(world.get(&format!("/signup/confirm?token={token}")).send().await.status, 410);
}

#[tokio::test]
async fn signups_are_limited_by_address_and_by_client() {
    let world = World::new().await;
    let ask = |email: &str, peer: &str| world.post("/signup", wish(email)).peer(peer).send();
    for left in [2, 1, 0] {
        let answer = ask("a+x@example.org", "192.0.2.1").await;
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (200, Some(left.to_string().as_str())));
        assert!(answer.header("ratelimit").unwrap().contains("\"signup-email\""));
    }
    let refused = ask("a@example.org", "192.0.2.2").await;
    assert_eq!(
        (refused.problem(), &refused.json()["rule"]),
        ((429, "rate_limited".to_owned()), &json!("signup-email"))
    );
    for email in ["b@example.org", "c@example.org"] {
        assert_eq!(ask(email, "192.0.2.1").await.status, 200);
    }
    let refused = ask("d@example.org", "192.0.2.1").await;
    assert_eq!((refused.status, &refused.json()["rule"]), (429, &json!("signup-client")));
    assert_eq!(ask("d@example.org", "192.0.2.3").await.status, 200, "a refused call has spent nothing");
    world.advance(3600);
    assert_eq!(ask("a@example.org", "192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn a_repeated_signup_mails_once() {
    let world = World::new().await;
    let ask = |email: &str, key: &str| world.post("/signup", wish(email)).header("idempotency-key", key).send();
    for email in [ADA, "owner@example.example"] {
        let first = ask(email, email).await;
        world.advance(60);
        let second = ask(email, email).await;
        assert_eq!((first.status, &first.body), (200, &second.body));
        assert_eq!((first.header("idempotency-replayed"), second.header("idempotency-replayed")), (None, Some("true")));
        assert_eq!(world.deliver().await.len(), 1);
    }
    let other = world.post("/signup", json!({ "email": ADA, "companyName": "Other" })).header("idempotency-key", ADA);
    assert_eq!(other.send().await.problem(), (422, "idempotency_mismatch".to_owned()));
}

#[tokio::test]
async fn where_signup_is_closed_nothing_opens_an_account() {
    let world = World::new().await;
    let (code, token) = world.signed_up(ADA).await;
    let world = world.closed_to_signups();
    let closed = (403, "signup_closed".to_owned());
    assert_eq!(world.post("/signup", wish(ADA)).send().await.problem(), closed);
    assert_eq!(world.verify(json!({ "email": ADA, "code": code })).await.problem(), closed);
    assert_eq!(world.verify(json!({ "token": token })).await.problem(), closed);
    assert_eq!(world.confirm(&token).await.status, 403);
    // A faulty call is told of its faults first.
    assert_eq!(world.post("/signup", json!({})).send().await.status, 400);
}

#[tokio::test]
async fn the_page_opens_nothing_until_its_button_is_pressed() {
    let world = World::new().await;
    let (_, token) = world.signed_up(ADA).await;
    let path = format!("/signup/confirm?token={token}&utm_source=mail");
    for (tag, word) in [("en", "Open the account"), ("de", "Konto"), ("fr", "Ouvrir"), ("es-MX, en;q=0.2", "Abrir")] {
        let answer = world.get(&path).header("accept-language", tag).send().await;
        assert_eq!(answer.status, 200);
        assert!(page(&answer).contains(word) && page(&answer).contains(ADA), "{tag}");
        assert!(page(&answer).contains("Acme &amp; Sons") && page(&answer).contains(&token));
        assert!(answer.header("content-security-policy").unwrap().contains("form-action 'self'"));
    }
    assert_eq!(world.services.tenants.list(&Default::default(), None, 9).await.unwrap().len(), 1);

    let answer = world.confirm(&token).await;
    assert_eq!(answer.status, 200);
    let key = page(&answer).split("<code>").nth(1).unwrap().split('<').next().unwrap();
    assert!(key.starts_with("otp_live_sk_"), "{key}");
    let me = world.get("/admin/customers/me").key(key).send().await.ok();
    assert!(page(&answer).contains("otp_live_pk_") && page(&answer).contains(&text(&me["customer"], "customerId")));

    let again = world.get(&path).send().await;
    assert_eq!(again.status, 410);
    assert!(!page(&again).contains("otp_live_") && page(&again).contains("does not work any more"));
}

#[tokio::test]
async fn pages_answer_every_trouble_with_a_page() {
    let world = World::new().await;
    for path in
        ["/signup/confirm", "/signup/confirm?token=", "/signup/confirm?token=otp_su_1.2", "/signup/confirm?x=%ff"]
    {
        assert_eq!(world.get(path).send().await.status, 410, "{path}");
    }
    for (media, body) in
        [("application/json", "{}"), ("application/x-www-form-urlencoded", "tok=1"), ("text/plain", "")]
    {
        let form = world.ask(Method::POST, "/signup/confirm").header("content-type", media).body(body);
        assert_eq!(form.send().await.status, 410, "{media}");
    }
    let (_, token) = world.signed_up(ADA).await;
    for verb in ["live", "attempt"] {
        world.gate.shut(verb, Trouble::Fault(FaultKind::Unavailable));
        let shown = world.get(&format!("/signup/confirm?token={token}")).send().await;
        assert_eq!(shown.status, if verb == "live" { 503 } else { 200 });
        let answer = world.confirm(&token).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
        assert!(page(&answer).contains("<h1>"));
    }
    world.gate.open_up();
    assert_eq!(world.confirm(&token).await.status, 200, "nothing was spent");
}

#[tokio::test]
async fn pages_look_as_they_did() {
    let world = World::new().await;
    let (_, token) = world.signed_up(ADA).await;
    let shown = world.get(&format!("/signup/confirm?token={token}")).send().await;
    let dead = world.confirm("otp_su_1").await;
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        assert_snapshot!("signup_button", page(&shown));
        assert_snapshot!("signup_dead", page(&dead));
    });
}

#[tokio::test]
async fn no_verdict_where_it_cannot_be_written() {
    let world = World::new().await;
    let (code, _) = world.signed_up(ADA).await;
    let right = json!({ "email": ADA, "code": code });
    for verb in ["live", "attempt", "by_owner", "open"] {
        world.gate.shut(verb, Trouble::Fault(FaultKind::Unavailable));
        let answer = match verb {
            "live" | "attempt" => world.verify(right.clone()).await,
            _ => world.post("/signup", wish(ADA)).send().await,
        };
        assert_eq!(answer.problem(), (503, "unavailable".to_owned()), "{verb}");
    }
    world.gate.open_up();
    world.verify(right).await.ok();
}

#[tokio::test]
async fn owners_are_told_how_their_account_stands() {
    let world = World::new().await;
    let path = |verb: &str| format!("/admin/customers/{}/{verb}", world.customer.id);
    world.configure(json!({ "locale": "fr" })).await;
    let suspend = world.post(&path("suspend"), json!({ "reason": "Facture <impayée>" })).key(&world.operator);
    suspend.send().await.ok();
    let mails = world.mailer.mails().len();
    let told = world.deliver().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("suspendu votre compte Example") && told[0].contains("Facture <impayée>"), "{}", told[0]);
    assert_eq!(world.mailer.mails()[mails].to.canonical(), "owner@example.example");

    world.post(&path("suspend"), json!({})).key(&world.operator).send().await.ok();
    assert!(world.deliver().await.is_empty(), "nothing has changed");
    world.post(&path("activate"), json!({})).key(&world.operator).send().await.ok();
    world.ask(Method::PUT, &path("plan")).json(json!({ "plan": "pro" })).key(&world.operator).send().await.ok();
    let told = world.deliver().await;
    assert!(told.len() == 2 && told[0].contains("de nouveau") && told[1].contains("Votre offre : pro"), "{told:?}");

    // What nobody could be told of within a day is old.
    world.post(&path("suspend"), json!({})).key(&world.operator).send().await.ok();
    world.advance(24 * 3600);
    assert!(world.deliver().await.is_empty());
    let tenant = world.services.tenants.get(world.customer.id, Age::Fresh).await.unwrap().unwrap();
    assert_eq!(tenant.status.as_str(), "suspended");
}
