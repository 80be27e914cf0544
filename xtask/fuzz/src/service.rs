//! A whole service in memory, and what must be true of each of its answers.

use std::cell::RefCell;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use otp_core::caller::{Actor, Caller};
use otp_core::deployment::Deployment;
use otp_core::email::EmailAddress;
use otp_core::keys::MasterKey;
use otp_core::mail::Sender;
use otp_core::otp::Otp;
use otp_core::port::Stores;
use otp_core::relay::Relay;
use otp_core::sessions::{Sessions, Tokens};
use otp_core::signup::Signup;
use otp_core::tenant::Tenant;
use otp_core::tenants::{NewTenant, Tenants};
use otp_core::token::TenantKeys;
use otp_core::users::Users;
use otp_http::{Readiness, Services, Settings};
use otp_testkit::samples::NOW;
use otp_testkit::{FrozenClock, RecordingMailer, SeededEntropy};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const PUBLIC_URL: &str = "https://otp.example.org";
/// After so many calls a new service begins: an old one has grown, and its limits are drawn.
const CALLS: u32 = 2000;

/// A service with one customer, its key, an operator's, and a person who is signed in.
pub(crate) struct Service {
    runtime: Runtime,
    router: Router,
    calls: u32,
    pub(crate) sessions: Sessions,
    pub(crate) tenant: Tenant,
    pub(crate) key: String,
    pub(crate) operator: String,
    pub(crate) tokens: Tokens,
}

thread_local!(static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) });

impl Service {
    /// Does something with the service of this thread.
    pub(crate) fn with(work: impl FnOnce(&mut Self)) {
        SERVICE.with_borrow_mut(|service| {
            if service.as_ref().is_none_or(|service| service.calls >= CALLS) {
                *service = Some(Self::begin());
            }
            service.iter_mut().for_each(|service| service.calls += 1);
            work(service.as_mut().expect("it was made above"));
        });
    }

    fn begin() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let made = runtime.block_on(open());
        let (router, sessions, tenant, key, operator, tokens) = made;
        Self { runtime, router, calls: 0, sessions, tenant, key, operator, tokens }
    }

    /// Runs what waits.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Makes a call, whose answer has to keep to the rules.
    pub(crate) fn call(&self, request: Request<Body>) -> StatusCode {
        self.wait(async {
            let answer = self.router.clone().oneshot(request).await.expect("a router answers");
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.expect("a body in memory").to_bytes();
            let (status, kind) = (parts.status, parts.headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes()));
            assert!(!status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{status} {body:?}");
            let is_page = kind.is_some_and(|kind| kind.starts_with(b"text/html"));
            if status.is_client_error() && !is_page && !body.is_empty() {
                assert_eq!(kind, Some(b"application/problem+json".as_slice()));
                let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem is JSON");
                assert!(problem["code"].is_string() && problem["status"] == status.as_u16(), "{problem}");
            }
            status
        })
    }
}

async fn open() -> (Router, Sessions, Tenant, String, String, Tokens) {
    let stores = Stores::of(Arc::new(otp_memory::MemoryStore::default()));
    let deployment = Deployment::builder(MasterKey::from_bytes([7; 32]), stores)
        .clock(Arc::new(FrozenClock::at(NOW)))
        .entropy(Arc::new(SeededEntropy::new(1)))
        .open()
        .await
        .expect("a deployment in memory");
    let (tenants, mailer) = (Tenants::new(deployment.clone()), Arc::new(RecordingMailer::new()));
    let signer = Arc::new(TenantKeys::new(deployment.keys().clone()));
    let services = Services {
        otp: Otp::new(deployment.clone()),
        signup: Signup::new(deployment.clone(), Some("free".to_owned())),
        sessions: Sessions::new(deployment.clone(), signer, PUBLIC_URL),
        tenants: tenants.clone(),
        users: Users::new(deployment.clone()),
        deployment: deployment.clone(),
        mailer: mailer.clone(),
        readiness: Readiness::default(),
        settings: Settings {
            public_url: PUBLIC_URL.to_owned(),
            trusted_proxies: Vec::new(),
            default_plan: "free".to_owned(),
            loopback_hosts_only: false,
            version: "0",
        },
    };
    let address = |text| EmailAddress::parse(text).expect("an address");
    let caller = Caller::of(Actor::Cli);
    let operator = tenants.create_operator("fuzz", &caller).await.expect("an operator").key.expose().to_owned();
    let new = NewTenant {
        name: "Example".to_owned(),
        owner: address("owner@example.com"),
        company_name: None,
        plan: "enterprise".to_owned(),
    };
    let registered = tenants.register(new, &caller, None).await.expect("a customer");
    let (tenant, key) = (registered.tenant, registered.key.key.expose().to_owned());

    let sender = Sender { name: "OTP".to_owned(), address: address("otp@example.org") };
    let relay = Relay::new(deployment, mailer.clone(), sender);
    let issued = services.otp.issue(&tenant, "ada@example.org").await.expect("a challenge");
    relay.run_once().await.expect("a mail");
    let mail = mailer.mails().swap_remove(0).text;
    let code = mail.lines().find(|line| line.len() == 9 && line.bytes().all(|octet| octet.is_ascii_digit()));
    let verified = services.otp.verify(&tenant, &issued.id, code.expect("a code")).await.expect("a right code");
    let sessions = services.sessions.clone();
    let tokens = sessions.issue(&tenant, &verified).expect("tokens");
    (otp_http::router(services), sessions, tenant, key, operator, tokens)
}
