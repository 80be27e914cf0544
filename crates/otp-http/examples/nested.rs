use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use otp_core::prelude::*;
use otp_core::signup::Signup;
use otp_core::tenants::NewTenant;
use otp_core::users::Users;
use otp_email::Inbox;
use otp_http::{Readiness, Services, Settings};
use otp_memory::MemoryStore;
use serde_json::{Value, json};
use tower::ServiceExt;

const PUBLIC_URL: &str = "https://app.example.org/otp"; // Where the world reaches what is nested.

/// What routes of your own need to know who calls.
#[derive(Clone)]
struct App {
    sessions: Sessions,
    acme: Tenant,
}

async fn hello(State(app): State<App>, headers: HeaderMap) -> Result<String, StatusCode> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let known = app.sessions.authenticate(&app.acme, token.ok_or(StatusCode::UNAUTHORIZED)?).await;
    let known = known.map_err(|error| match error {
        SessionError::Fault(_) => StatusCode::SERVICE_UNAVAILABLE,
        SessionError::Invalid(_) | SessionError::Reused => StatusCode::UNAUTHORIZED,
    })?;
    Ok(format!("Hello, {}.", known.claims.email))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let master = MasterKey::generate(&SystemEntropy::default())?; // Yours comes from a secret.
    let stores = Stores::of(Arc::new(MemoryStore::default())); // Or otp_sql::SqlStore.
    let deployment = Deployment::builder(master, stores).open().await?;
    let mailbox = Arc::new(Inbox::default()); // Or otp_email::Smtp.
    let sender = Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example")? };
    let relay = Relay::new(deployment.clone(), mailbox.clone(), sender).linking_to(PUBLIC_URL);

    let tenants = Tenants::new(deployment.clone());
    let owner = EmailAddress::parse("owner@acme.example")?;
    let acme = NewTenant { name: "Acme".into(), owner, company_name: None, plan: "enterprise".into() };
    let acme = tenants.register(acme, &Caller::of(Actor::Cli), None).await?; // Once; keep the key.
    let sessions = Sessions::new(deployment.clone(), Arc::new(TenantKeys::new(deployment.keys().clone())), PUBLIC_URL);

    let otp = otp_http::router(Services {
        otp: Otp::new(deployment.clone()),
        signup: Signup::new(deployment.clone(), None), // Nobody opens an account by himself.
        sessions: sessions.clone(),
        tenants,
        users: Users::new(deployment.clone()),
        deployment,
        mailer: mailbox.clone(),
        readiness: Readiness::default(),
        settings: Settings {
            public_url: PUBLIC_URL.to_owned(),
            trusted_proxies: Vec::new(),
            default_plan: "free".to_owned(),
            loopback_hosts_only: false,
            version: env!("CARGO_PKG_VERSION"),
        },
    });
    let own = Router::new().route("/hello", get(hello)).with_state(App { sessions, acme: acme.tenant });
    let app = own.nest("/otp", otp);
    // axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;

    // What a client does, without a socket.
    let key = acme.key.key.expose();
    let asked = post(&app, "/otp/auth/request-otp", key, json!({ "email": "ada@example.org" })).await?;
    relay.run_once().await?;
    let code = mailbox.list(None)[0].code.clone().ok_or("the mail has no code")?;
    let right = json!({ "challengeId": asked["challengeId"], "otp": code });
    let signed_in = post(&app, "/otp/auth/verify-otp", key, right).await?;
    let token = signed_in["token"].as_str().ok_or("no token")?;
    let known = Request::get("/hello").header(AUTHORIZATION, format!("Bearer {token}")).body(Body::empty())?;
    let answer = app.clone().oneshot(known).await?;
    assert_eq!(to_bytes(answer.into_body(), 1024).await?, "Hello, ada@example.org.");
    let unknown = app.oneshot(Request::get("/hello").body(Body::empty())?).await?;
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    Ok(())
}

async fn post(app: &Router, path: &str, key: &str, body: Value) -> Result<Value, Box<dyn std::error::Error>> {
    let request = Request::post(path).header("X-OTP-API-Key", key).header(CONTENT_TYPE, "application/json");
    let answer = app.clone().oneshot(request.body(Body::from(body.to_string()))?).await?;
    Ok(serde_json::from_slice(&to_bytes(answer.into_body(), 16 * 1024).await?)?)
}
