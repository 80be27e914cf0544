//! Every problem there is, produced and written down.

use axum::http::Method;
use insta::{Settings, assert_snapshot};
use otp_core::api_key::KeyKind;
use otp_core::fault::FaultKind;
use otp_core::tenant::TenantStatus;
use otp_core::tenants::KeySpec;
use otp_http::{ProblemCode, errors_markdown};
use serde_json::json;

use crate::gate::Trouble;
use crate::world::{ADA, Answer, Ask, World, is_renewing, other_than, settings, text};

/// Makes the service answer with `code`. The match names every code, so a new one does not compile
/// until it can be produced.
async fn produce(code: ProblemCode) -> Answer {
    let mut world =
        World::with(otp_http::Settings { loopback_hosts_only: code == ProblemCode::HostNotAllowed, ..settings() })
            .await;
    let key = world.customer.key.clone();
    let request = || world.post("/auth/request-otp", json!({ "email": ADA })).key(&key);
    let verify = |body| world.post("/auth/verify-otp", body).key(&key);
    let ask: Ask<'_> = match code {
        ProblemCode::InvalidJson => request().body("{'email': 1}"),
        ProblemCode::InvalidRequest => world
            .post(
                "/auth/request-otp?debug=1",
                json!({ "email": "ada", "purpose": "Sign In", "locale": 7, "a/b~c": null, "context": { "ip": "::g", "x": 1 } }),
            )
            .key(&key)
            .header("idempotency-key", "two words"),
        ProblemCode::InvalidOtpFormat => verify(json!({ "otp": "123456", "email": ADA })),
        ProblemCode::InvalidApiKey => world.post("/auth/request-otp", json!({ "email": ADA })),
        ProblemCode::InvalidToken => world.get("/auth/me"),
        ProblemCode::OtpInvalid => {
            let (_, code) = world.request(json!({ "email": ADA })).await;
            verify(json!({ "otp": other_than(&code), "email": ADA }))
        }
        ProblemCode::OtpExpired => verify(json!({ "otp": "123456789", "email": ADA })),
        ProblemCode::OtpAttemptsExceeded => {
            let (_, code) = world.request(json!({ "email": ADA })).await;
            for _ in 0..5 {
                verify(json!({ "otp": other_than(&code), "email": ADA })).send().await;
            }
            verify(json!({ "otp": code, "email": ADA }))
        }
        ProblemCode::RefreshReused => {
            let token = json!({ "refreshToken": world.sign_in(ADA).await["refreshToken"] });
            world.post("/auth/refresh", token.clone()).send().await.ok();
            world.advance(11);
            world.post("/auth/refresh", token)
        }
        ProblemCode::SecretKeyInBrowser => request().header("origin", "https://example.org"),
        ProblemCode::CustomerSuspended => {
            world.set_status(world.customer.id, TenantStatus::Suspended).await;
            request()
        }
        ProblemCode::CustomerCancelled => {
            world.set_status(world.customer.id, TenantStatus::Cancelled).await;
            request()
        }
        ProblemCode::InsufficientScope => world.post("/auth/request-otp", json!({})).key(&world.operator),
        ProblemCode::OperatorRequired => world.get("/admin/customers").key(&key),
        ProblemCode::HostNotAllowed => world.get("/health/live").header("host", "rebound.example"),
        ProblemCode::UserLimitReached => {
            world.change(world.customer.id, |tenant| tenant.plan = "cosy".to_owned()).await;
            for email in ["bob@example.org", "cyd@example.org"] {
                world.sign_in(email).await;
            }
            let (_, code) = world.request(json!({ "email": ADA })).await;
            verify(json!({ "otp": code, "email": ADA }))
        }
        ProblemCode::LocksYouOut => {
            let config = json!({ "config": { "allowedIps": ["192.0.2.0/24"] } });
            world.ask(Method::PUT, "/admin/config").json(config).key(&key).peer("203.0.113.9")
        }
        ProblemCode::OriginNotAllowed => {
            let spec = KeySpec { kind: KeyKind::Publishable, ..KeySpec::secret("page") };
            let page = world.key(spec).await;
            world.post("/auth/request-otp", json!({ "email": ADA })).key(&page).header("origin", "https://evil.example")
        }
        ProblemCode::CsrfFailed => {
            let page = world.cookie_page().await;
            page.post("/auth/logout", json!({})).header("cookie", page.sign_in(ADA).await.cookie)
        }
        ProblemCode::IpNotAllowed => {
            world.configure(json!({ "allowedIps": ["192.0.2.0/24"] })).await;
            request().peer("203.0.113.9")
        }
        ProblemCode::FeatureNotInPlan => {
            let config = json!({ "config": { "emailConfig": { "subjectTemplate": "Your code" } } });
            world.ask(Method::PUT, "/admin/config").json(config).key(&key)
        }
        ProblemCode::RecipientNotAllowed => {
            world.post("/admin/onboarding/test-otp", json!({ "email": ADA })).key(&key)
        }
        ProblemCode::EmailBlocked => {
            world.configure(json!({ "blockedEmails": ["@example.org"] })).await;
            request()
        }
        ProblemCode::InvalidTransition => {
            world.set_status(world.customer.id, TenantStatus::Cancelled).await;
            let path = format!("/admin/customers/{}/activate", world.customer.id);
            world.ask(Method::POST, &path).key(&world.operator)
        }
        ProblemCode::LastKey => {
            let path = format!("/admin/customers/{}/api-keys/{}", world.customer.id, world.customer.record.id);
            world.ask(Method::DELETE, &path).key(&key)
        }
        ProblemCode::TooManyKeys => {
            for n in 1..100 {
                world.key(KeySpec::secret(n.to_string())).await;
            }
            world.post(&world.keys_path(), json!({})).key(&key)
        }
        ProblemCode::VersionConflict => {
            let config = json!({ "config": { "otp": { "length": 6 } } });
            world.ask(Method::PUT, "/admin/config").json(config).key(&key).header("if-match", "\"7\"")
        }
        ProblemCode::SignupClosed => {
            world = world.closed_to_signups();
            world.post("/signup", json!({ "email": ADA, "companyName": "Acme" }))
        }
        ProblemCode::NotFound => world.get("/auth"),
        ProblemCode::MethodNotAllowed => world.ask(Method::DELETE, "/admin/customers"),
        ProblemCode::EmailTaken => {
            let owner = json!({ "name": "Example", "email": "owner@example.example" });
            world.post("/admin/customers", owner).key(&world.operator)
        }
        ProblemCode::PayloadTooLarge => request().body(vec![b' '; 16 * 1024 + 1]),
        ProblemCode::RequestTimeout => {
            // Nothing else goes on, so the clock of timers runs on to the first that is due.
            tokio::time::pause();
            let stalls = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
            request().body(axum::body::Body::from_stream(stalls))
        }
        ProblemCode::UnsupportedMediaType => {
            world.ask(Method::POST, "/auth/request-otp").key(&key).body("email=ada@example.org")
        }
        ProblemCode::IdempotencyInFlight => {
            let path = format!("/admin/customers/{}/api-keys", world.customer.id);
            let make = || world.post(&path, json!({ "name": "Twin" })).key(&key).header("idempotency-key", "k");
            // Its caller hung up before there was an answer.
            world.gate.shut("replace", Trouble::Silence);
            let hung_up = tokio::time::timeout(std::time::Duration::from_millis(1), make().send());
            assert!(hung_up.await.is_err());
            world.gate.open_up();
            make()
        }
        ProblemCode::IdempotencyMismatch => {
            request().header("idempotency-key", "k").send().await.ok();
            let other = json!({ "email": "grace@example.org" });
            world.post("/auth/request-otp", other).key(&key).header("idempotency-key", "k")
        }
        ProblemCode::RateLimited => {
            for _ in 0..3 {
                request().send().await.ok();
                world.advance(60);
            }
            request()
        }
        ProblemCode::QuotaExceeded => {
            for n in 0..50 {
                let asked = world.post("/auth/request-otp", json!({ "email": format!("user{n}@example.org") }));
                asked.key(&key).send().await.ok();
            }
            world.advance(60);
            request()
        }
        ProblemCode::Internal => {
            world.gate.shut("open", Trouble::Fault(FaultKind::Corrupt));
            request()
        }
        ProblemCode::Unavailable => {
            world.gate.shut("open", Trouble::Fault(FaultKind::Unavailable));
            request()
        }
    };
    ask.header("x-request-id", "req_of_this_test").send().await
}

#[tokio::test]
async fn every_problem_is_as_written_down() {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut answers = Vec::new();
    for code in ProblemCode::ALL {
        let answer = produce(*code).await;
        assert_eq!(answer.code(), code.as_str());
        answers.push((code, answer));
    }
    let _bound = settings.bind_to_scope();
    for (code, answer) in answers {
        let shown = ["allow", "retry-after", "www-authenticate", "ratelimit-policy", "ratelimit"];
        let headers = shown.iter().filter_map(|name| Some(format!("{name}: {}\n", answer.header(name)?)));
        let headers: String = headers.collect();
        let body = serde_json::to_string_pretty(&answer.json()).unwrap();
        assert_snapshot!(code.as_str(), format!("{}\n{headers}\n{body}", answer.status));
    }
}

#[test]
fn every_problem_is_documented() {
    let page = errors_markdown();
    for code in ProblemCode::ALL {
        assert!(page.contains(&format!("\n## {}\n", code.as_str())));
        assert!(code.detail().ends_with('.') && code.remedy().ends_with('.'), "{code:?}");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    if is_renewing() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).unwrap();
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == page, "docs/errors.md is out of date: run the tests with UPDATE_DOCS=1");
}

#[tokio::test]
async fn nothing_a_caller_sends_comes_back_in_a_problem() {
    let world = World::new().await;
    let answer = world
        .call(
            "/auth/request-otp",
            json!({ "email": "canary@", "purpose": "Canary!", "context": { "userAgent": "canary\u{0}" } }),
        )
        .await;
    assert_eq!(answer.faults().len(), 3);
    assert!(!String::from_utf8_lossy(&answer.body).to_lowercase().contains("canary"));
    assert_eq!(text(&answer.json(), "code"), "invalid_request");
}
