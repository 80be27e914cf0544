//! The examples of the contract: each call is made, and what it is answered is what the document and the pages say.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use otp_http::openapi;
use serde_json::{Value, json};

use crate::world::{ADA, PUBLIC_URL, World, code_in, is_renewing, text};

/// By whose credential a call is made.
#[derive(Clone, Copy)]
enum By<'a> {
    Nobody,
    Key(&'a str),
    Token(&'a str),
}

/// Calls and their answers, by operation.
struct Book<'w> {
    world: &'w World,
    examples: BTreeMap<&'static str, Value>,
}

impl Book<'_> {
    /// Makes a call and writes it down.
    async fn call(&mut self, id: &'static str, method: &str, path: &str, by: By<'_>, body: Value) -> Value {
        let ask = self.world.ask(Method::from_bytes(method.as_bytes()).unwrap(), path).peer("192.0.2.7");
        // The audit trail tells it, and one that we make up is another each time.
        let ask = ask.header("x-request-id", "req_4cM6hXq2fLw0sVnT8pYzJd");
        let ask = match by {
            By::Nobody => ask,
            By::Key(key) => ask.key(key),
            By::Token(token) => ask.bearer(token),
        };
        let ask = if let Some(form) = body.as_str() {
            ask.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned())
        } else if body.is_null() {
            ask
        } else {
            ask.json(body.clone())
        };
        let answer = ask.send().await;
        assert!(answer.status < 300, "{id}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        let is_page = answer.header("content-type").unwrap().starts_with("text/html");
        // The document would hold itself.
        let told = if is_page || id == "getOpenApi" { Value::Null } else { answer.json() };
        let mut example = json!({ "method": method, "path": path, "status": answer.status });
        for (name, value) in [("body", body), ("answer", timeless(told.clone()))] {
            if !value.is_null() {
                example[name] = value;
            }
        }
        assert!(self.examples.insert(id, example).is_none(), "{id} stands there twice");
        told
    }
}

/// `answer` without what a clock has measured.
fn timeless(mut answer: Value) -> Value {
    for check in answer["checks"].as_object_mut().into_iter().flat_map(|checks| checks.values_mut()) {
        check["responseTimeMs"] = json!(1);
    }
    // Looking for a member adds it.
    if answer["checks"].is_null() {
        answer.as_object_mut().map(|members| members.remove("checks"));
    }
    answer
}

async fn written(world: &World) -> BTreeMap<&'static str, Value> {
    let mut book = Book { world, examples: BTreeMap::new() };
    world.change(world.customer.id, |tenant| tenant.plan = "pro".to_owned()).await;
    let id = world.customer.id.to_string();
    let own = By::Key(&world.customer.key);
    let operator = By::Key(&world.operator);
    let nothing = Value::Null;

    let asked = book.call("requestOtp", "POST", "/auth/request-otp", own, json!({ "email": ADA })).await;
    let code = code_in(&world.deliver().await[0]);
    let proof = json!({ "challengeId": asked["challengeId"], "otp": code });
    let signed_in = book.call("verifyOtp", "POST", "/auth/verify-otp", own, proof).await;
    let refresh = json!({ "refreshToken": signed_in["refreshToken"] });
    let refreshed = book.call("refreshSession", "POST", "/auth/refresh", By::Nobody, refresh).await;
    let token = text(&refreshed, "token");
    book.call("getMe", "GET", "/auth/me", By::Token(&token), nothing.clone()).await;
    book.call("introspectToken", "POST", "/auth/introspect", own, json!({ "token": token })).await;
    let user = text(&signed_in, "userId");
    let session = text(&signed_in, "sessionId");
    for (id, test) in [("getKeys", ""), ("getTestKeys", "/test")] {
        let path = format!("/t/{}{test}/.well-known/jwks.json", world.customer.id);
        book.call(id, "GET", &path, By::Nobody, nothing.clone()).await;
    }

    let wanted = json!({ "email": "grace@example.net", "companyName": "Compilers" });
    book.call("signUp", "POST", "/signup", By::Nobody, wanted).await;
    let code = code_in(&world.deliver().await[0]);
    let proof = json!({ "email": "grace@example.net", "code": code });
    book.call("verifySignup", "POST", "/signup/verify", By::Nobody, proof).await;
    let wanted = json!({ "email": "joan@example.net", "companyName": "Decoders" });
    world.post("/signup", wanted).send().await.ok();
    let mail = &world.deliver().await[0];
    let (_, token_of_link) = mail.split_once("token=").unwrap();
    let token_of_link = token_of_link.split_whitespace().next().unwrap();
    let path = format!("/signup/confirm?token={token_of_link}");
    book.call("showSignup", "GET", &path, By::Nobody, nothing.clone()).await;
    book.call("confirmSignup", "POST", "/signup/confirm", By::Nobody, json!(format!("token={token_of_link}"))).await;

    book.call("getOwnCustomer", "GET", "/admin/customers/me", own, nothing.clone()).await;
    book.call("renameOwnCustomer", "PUT", "/admin/customers/me", own, json!({ "name": "Example" })).await;
    book.call("getUsage", "GET", "/admin/usage", own, nothing.clone()).await;
    let keys = format!("/admin/customers/{id}/api-keys");
    let made = book.call("createApiKey", "POST", &keys, own, json!({ "name": "page", "kind": "publishable" })).await;
    book.call("listApiKeys", "GET", &keys, own, nothing.clone()).await;
    let path = format!("{keys}/{}/rotate", text(&made, "keyId"));
    let rotated = book.call("rotateApiKey", "POST", &path, own, json!({ "graceSeconds": 3600 })).await;
    let path = format!("{keys}/{}", text(&rotated, "keyId"));
    book.call("revokeApiKey", "DELETE", &path, own, nothing.clone()).await;
    book.call("getOnboarding", "GET", "/admin/onboarding", own, nothing.clone()).await;
    book.call("setOnboarding", "PUT", "/admin/onboarding", own, json!({ "dismissed": true })).await;
    book.call("sendTestOtp", "POST", "/admin/onboarding/test-otp", own, nothing.clone()).await;

    book.call("getConfig", "GET", "/admin/config", own, nothing.clone()).await;
    let config = json!({ "config": { "otp": { "length": 6 }, "allowedOrigins": ["https://app.example.com"] } });
    book.call("updateConfig", "PUT", "/admin/config", own, config).await;
    book.call("updateEmailConfig", "PUT", "/admin/config/email", own, json!({ "fromName": "Example" })).await;
    book.call("listConfigVersions", "GET", "/admin/config/versions?limit=10", own, nothing.clone()).await;
    book.call("getConfigVersion", "GET", "/admin/config/versions/1", own, nothing.clone()).await;
    book.call("restoreConfigVersion", "POST", "/admin/config/versions/1/restore", own, nothing.clone()).await;

    let path = "/admin/analytics?startDate=2026-01-30&endDate=2026-01-31&granularity=day";
    book.call("getAnalytics", "GET", path, own, nothing.clone()).await;
    book.call("getRealtimeAnalytics", "GET", "/admin/analytics/realtime", own, nothing.clone()).await;
    book.call("getErrorAnalytics", "GET", "/admin/analytics/errors?category=quota", own, nothing.clone()).await;
    book.call("listAuditEvents", "GET", "/admin/audit-logs?eventType=user.logged_in", own, nothing.clone()).await;

    let all = json!({ "everywhere": true });
    let path = format!("/admin/users/{user}");
    book.call("listUsers", "GET", "/admin/users?email=ada@example.org", own, nothing.clone()).await;
    book.call("getUser", "GET", &path, own, nothing.clone()).await;
    book.call("listSessions", "GET", &format!("{path}/sessions"), own, nothing.clone()).await;
    book.call("getSession", "GET", &format!("{path}/sessions/{session}"), own, nothing.clone()).await;
    book.call("exportUser", "GET", &format!("{path}/export"), own, nothing.clone()).await;
    book.call("logout", "POST", "/auth/logout", By::Token(&token), all).await;
    let session = text(&world.sign_in_by_six(ADA).await, "sessionId");
    book.call("endSession", "DELETE", &format!("{path}/sessions/{session}"), own, nothing.clone()).await;
    book.call("endSessions", "DELETE", &format!("{path}/sessions"), own, nothing.clone()).await;
    book.call("eraseUser", "DELETE", &path, own, nothing.clone()).await;

    let new = json!({ "name": "Acme", "email": "owner@acme.example", "plan": "starter" });
    let registered = book.call("registerCustomer", "POST", "/admin/customers", operator, new).await;
    let path = format!("/admin/customers/{}", text(&registered, "customerId"));
    book.call("listCustomers", "GET", "/admin/customers?q=acme", operator, nothing.clone()).await;
    book.call("getCustomer", "GET", &path, operator, nothing.clone()).await;
    let plan = json!({ "plan": "pro", "overrides": { "otpRequestsPerDay": 10_000 } });
    book.call("setCustomerPlan", "PUT", &format!("{path}/plan"), operator, plan).await;
    let why = json!({ "reason": "unpaid" });
    book.call("suspendCustomer", "POST", &format!("{path}/suspend"), operator, why).await;
    book.call("activateCustomer", "POST", &format!("{path}/activate"), operator, nothing.clone()).await;
    book.call("setCustomerStatus", "PUT", &format!("{path}/status"), operator, json!({ "status": "suspended" })).await;

    let paths = [
        ("getHealth", "/health"),
        ("getReadiness", "/health/ready"),
        ("getLiveness", "/health/live"),
        ("getOpenApi", "/openapi.json"),
        ("showDocs", "/docs?q=refresh"),
        ("showErrors", "/docs/errors"),
        ("showGuide", "/docs/guides/start"),
    ];
    for (id, path) in paths {
        book.call(id, "GET", path, By::Nobody, nothing.clone()).await;
    }
    book.examples
}

impl World {
    /// Signs `email` in by a code of six digits.
    async fn sign_in_by_six(&self, email: &str) -> Value {
        self.configure(json!({ "otp": { "length": 6 } })).await;
        let asked = self.call("/auth/request-otp", json!({ "email": email })).await.ok();
        let mails = self.deliver().await;
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|octet| octet.is_ascii_digit());
        let code = mails.last().unwrap().lines().find(is_code).unwrap().to_owned();
        self.call("/auth/verify-otp", json!({ "challengeId": asked["challengeId"], "otp": code })).await.ok()
    }
}

#[tokio::test]
async fn every_example_is_true() {
    let examples = serde_json::to_value(written(&World::new().await).await).unwrap();
    let told = openapi(PUBLIC_URL);
    let operations = told["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let ids: BTreeSet<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        examples.as_object().unwrap().keys().map(String::as_str).collect(),
        "one example of each operation"
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/contract/examples.json");
    let text = serde_json::to_string_pretty(&examples).unwrap() + "\n";
    if is_renewing() {
        std::fs::write(path, &text).unwrap();
    }
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (id, example) in examples.as_object().unwrap() {
        assert_eq!(
            &committed[id], example,
            "{id}: run the tests with UPDATE_DOCS=1, twice, for the document holds examples"
        );
    }
    assert_eq!(committed.as_object().unwrap().len(), ids.len());
}
