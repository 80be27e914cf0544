//! A whole service in memory, and a way to ask it things. Every answer is held against what must be
//! true of all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, request};
use http_body_util::BodyExt;
use otp_core::api_key::KeyRecord;
use otp_core::caller::{Actor, Caller, ClientAddress};
use otp_core::deployment::Deployment;
use otp_core::email::EmailAddress;
use otp_core::id::TenantId;
use otp_core::keys::MasterKey;
use otp_core::mail::Sender;
use otp_core::otp::Otp;
use otp_core::plan::{Plan, Plans};
use otp_core::port::{Age, LimitStore, Mailer, Replaced, Stores, TenantStore};
use otp_core::relay::Relay;
use otp_core::sessions::Sessions;
use otp_core::signup::Signup;
use otp_core::tenant::{Tenant, TenantStatus};
use otp_core::tenants::{ConfigChange, Configure, KeySpec, NewTenant, Tenants};
use otp_core::time::Timestamp;
use otp_core::token::TenantKeys;
use otp_core::users::Users;
use otp_http::{ProblemCode, Readiness, Services, Settings};
use otp_testkit::samples::NOW;
use otp_testkit::{FrozenClock, RecordingMailer, SeededEntropy};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::contract;
use crate::gate::Gate;

pub(crate) const PUBLIC_URL: &str = "https://otp.example.org";
/// The master key of every world.
pub(crate) const MASTER: [u8; 32] = [7; 32];
/// An end user.
pub(crate) const ADA: &str = "ada@example.org";

/// A customer and its secret key.
pub(crate) struct Customer {
    pub(crate) id: TenantId,
    pub(crate) key: String,
    pub(crate) record: KeyRecord,
}

/// A service at [`NOW`] with one customer on the plan `free` and one operator.
pub(crate) struct World {
    pub(crate) clock: Arc<FrozenClock>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) mailer: Arc<RecordingMailer>,
    pub(crate) services: Services,
    pub(crate) router: Router,
    pub(crate) customer: Customer,
    pub(crate) operator: String,
    relay: Relay,
}

pub(crate) fn settings() -> Settings {
    Settings {
        public_url: PUBLIC_URL.to_owned(),
        trusted_proxies: Vec::new(),
        default_plan: "free".to_owned(),
        loopback_hosts_only: false,
        version: "1.2.3",
    }
}

/// The default plans, one that bounds nothing, one with room for two users, and one whose day and month hold as
/// much.
fn plans() -> Plans {
    let mut plans = Plans::default();
    let even = Plan { otp_requests_per_day: Some(9), otp_requests_per_month: Some(9), ..Plan::default() };
    plans.set("even".to_owned(), even);
    plans.set("cosy".to_owned(), Plan { max_users: Some(2), ..Plan::default() });
    plans.set("boundless".to_owned(), Plan::default());
    plans
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let mailer = Arc::new(RecordingMailer::new());
        Self::mailing(settings, mailer.clone(), mailer).await
    }

    /// With `health` asked for the health of mail in place of the mailer that sends.
    pub(crate) async fn mailing(settings: Settings, mailer: Arc<RecordingMailer>, health: Arc<dyn Mailer>) -> Self {
        Self::limiting(settings, mailer, health, None).await
    }

    /// With every limit kept in `kv`, if there is one.
    pub(crate) async fn limiting(
        settings: Settings,
        mailer: Arc<RecordingMailer>,
        health: Arc<dyn Mailer>,
        kv: Option<Arc<dyn LimitStore>>,
    ) -> Self {
        let clock = Arc::new(FrozenClock::at(NOW));
        let memory = Arc::new(otp_memory::MemoryStore::default());
        // Before everything the routes call.
        let gate = Arc::new(Gate::before(memory.clone()));
        let stores = Stores {
            challenges: gate.clone(),
            sessions: gate.clone(),
            tenants: gate.clone(),
            calls: gate.clone(),
            metering: gate.clone(),
            ..Stores::of(memory)
        };
        let stores = match kv {
            Some(kv) => stores.with_limits(kv),
            None => stores,
        };
        let deployment = Deployment::builder(MasterKey::from_bytes(MASTER), stores)
            .clock(clock.clone())
            .entropy(Arc::new(SeededEntropy::new(1)))
            .plans(plans())
            .open()
            .await
            .unwrap();
        let tenants = Tenants::new(deployment.clone());
        let signer = Arc::new(TenantKeys::new(deployment.keys().clone()));
        let services = Services {
            otp: Otp::new(deployment.clone()),
            signup: Signup::new(deployment.clone(), Some("free".to_owned())),
            sessions: Sessions::new(deployment.clone(), signer, PUBLIC_URL),
            tenants: tenants.clone(),
            users: Users::new(deployment.clone()),
            deployment: deployment.clone(),
            mailer: health,
            readiness: Readiness::default(),
            settings,
        };
        let cli = Caller::of(Actor::Cli);
        let operator = tenants.create_operator("tests", &cli).await.unwrap().key.expose().to_owned();
        let customer = register(&tenants, "Example", "free").await;
        let sender = Sender { name: "OTP".to_owned(), address: EmailAddress::parse("otp@example.org").unwrap() };
        let relay = Relay::new(deployment, mailer.clone(), sender).linking_to(PUBLIC_URL);
        let router = otp_http::router(services.clone());
        Self { clock, gate, mailer, services, router, customer, operator, relay }
    }

    /// The same, where nobody may sign up.
    pub(crate) fn closed_to_signups(mut self) -> Self {
        self.services.signup = Signup::new(self.services.deployment.clone(), None);
        self.router = otp_http::router(self.services.clone());
        self
    }

    /// Another customer.
    pub(crate) async fn customer(&self, name: &str, plan: &str) -> Customer {
        register(&self.services.tenants, name, plan).await
    }

    /// Another key of the customer.
    pub(crate) async fn key(&self, spec: KeySpec) -> String {
        let made =
            self.services.tenants.create_key(self.customer.id, spec, &Caller::of(Actor::Cli), None).await.unwrap();
        made.key.expose().to_owned()
    }

    /// Changes what the customer has set, from an address of the network 192.0.2.0/24.
    pub(crate) async fn configure(&self, patch: Value) {
        let peer = Some(ClientAddress::new([192, 0, 2, 1].into()));
        let configure = Configure { change: ConfigChange::Patch(patch), expected: None, peer };
        self.services.tenants.configure(self.customer.id, configure, &Caller::of(Actor::Cli), None).await.unwrap();
    }

    /// Gives a customer another status.
    pub(crate) async fn set_status(&self, id: TenantId, status: TenantStatus) {
        self.change(id, |tenant| tenant.status = status).await;
    }

    /// Changes a customer behind the service's back.
    pub(crate) async fn change(&self, id: TenantId, change: impl FnOnce(&mut Tenant)) {
        let mut tenant = self.gate.store.get(id, Age::Fresh).await.unwrap().unwrap();
        let version = tenant.version;
        change(&mut tenant);
        let replaced = self.gate.store.replace(tenant, version, Vec::new(), self.now()).await.unwrap();
        assert_eq!(replaced, Replaced::Replaced);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.services.deployment.now()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        Ask { router: &self.router, request: Request::builder().method(method).uri(path), body: Body::empty() }
    }

    pub(crate) fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Ask<'_> {
        self.ask(Method::POST, path).json(body)
    }

    /// A call by the customer's key.
    pub(crate) async fn call(&self, path: &str, body: Value) -> Answer {
        self.post(path, body).key(&self.customer.key).send().await
    }

    /// Lets the relay do its work; answers the mails sent by it.
    pub(crate) async fn deliver(&self) -> Vec<String> {
        let before = self.mailer.mails().len();
        self.relay.run_once().await.unwrap();
        self.mailer.mails().drain(before..).map(|mail| mail.text).collect()
    }

    /// Asks for a code as `body` says; answers the challenge and the code as mailed.
    pub(crate) async fn request(&self, body: Value) -> (String, String) {
        let answer = self.call("/auth/request-otp", body).await.ok();
        let mails = self.deliver().await;
        assert_eq!(mails.len(), 1, "one mail for one request");
        (text(&answer, "challengeId"), code_in(&mails[0]))
    }

    /// Signs `email` in; answers the answer.
    pub(crate) async fn sign_in(&self, email: &str) -> Value {
        let (_, code) = self.request(json!({ "email": email })).await;
        self.call("/auth/verify-otp", json!({ "email": email, "otp": code })).await.ok()
    }
}

async fn register(tenants: &Tenants, name: &str, plan: &str) -> Customer {
    let owner = EmailAddress::parse(&format!("owner@{}.example", name.to_lowercase())).unwrap();
    let new = NewTenant { name: name.to_owned(), owner, company_name: None, plan: plan.to_owned() };
    let registered = tenants.register(new, &Caller::of(Actor::Cli), None).await.unwrap();
    Customer { id: registered.tenant.id, key: registered.key.key.expose().to_owned(), record: registered.key.record }
}

/// The code in a mail: it stands alone on its line.
pub(crate) fn code_in(mail: &str) -> String {
    let code = mail.lines().find(|line| line.len() == 9 && line.bytes().all(|octet| octet.is_ascii_digit()));
    code.expect("a code alone on its line").to_owned()
}

/// A code that is not `code`.
pub(crate) fn other_than(code: &str) -> String {
    let turned = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{turned}", &code[..code.len() - 1])
}

/// Whether whoever runs the tests wants what is generated to be written anew.
pub(crate) fn is_renewing() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// The text of a member.
#[track_caller]
pub(crate) fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("no text {member:?} in {body}")).to_owned()
}

/// A request about to be sent.
pub(crate) struct Ask<'w> {
    router: &'w Router,
    request: request::Builder,
    body: Body,
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request = self.request.header(name, value.as_ref());
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("x-otp-api-key", key)
    }

    pub(crate) fn bearer(self, text: &str) -> Self {
        self.header("authorization", format!("Bearer {text}"))
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// From the address `peer`.
    pub(crate) fn peer(self, peer: &str) -> Self {
        self.extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 40_000)))
    }

    pub(crate) fn extension(mut self, extension: impl Clone + Send + Sync + 'static) -> Self {
        self.request = self.request.extension(extension);
        self
    }

    #[track_caller]
    pub(crate) fn send(self) -> impl Future<Output = Answer> {
        let request = self.request.body(self.body).unwrap();
        let router = self.router.clone();
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let head = method == Method::HEAD;
            let response = router.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
            answer.keeps_to_the_rules(&path, head);
            if !matches!(answer.status, 204 | 405) {
                contract::holds(&method, &path, &answer);
            }
            answer
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The code of a problem.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        text(&self.json(), "code")
    }

    /// Status and code of a problem.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        (self.status, self.code())
    }

    /// Pointer and code of every fault in `invalid_request`, in order of pointers.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        assert_eq!(self.problem(), (400, "invalid_request".to_owned()), "{}", self.json());
        let errors = self.json()["errors"].as_array().unwrap().clone();
        let mut faults: Vec<_> = errors.iter().map(|error| (text(error, "pointer"), text(error, "code"))).collect();
        faults.sort();
        faults
    }

    /// What is true of every answer.
    fn keeps_to_the_rules(&self, path: &str, head: bool) {
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY")]
        {
            assert_eq!(self.header(name), Some(value), "{name}");
        }
        let is_public =
            ["/t/", "/docs", "/openapi.json"].iter().any(|public| path.trim_start_matches("/otp").starts_with(public));
        let kept = if is_public && self.status == 200 { "public, max-age=300" } else { "no-store" };
        assert_eq!(self.header("cache-control"), Some(kept), "{path}");
        let is_page = self.header("content-type") == Some("text/html; charset=utf-8");
        let policy = self.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(policy.len() > "default-src 'none'; frame-ancestors 'none'".len(), is_page);
        assert!(self.header("server").is_none());
        let id = self.header("x-request-id").unwrap();
        assert!((1..=128).contains(&id.len()));
        if head {
            assert!(self.body.is_empty());
            return;
        }
        match self.header("content-type") {
            Some("application/problem+json") => self.is_a_problem(id),
            Some("application/json") => assert!(self.status < 300 || self.status == 503),
            Some("application/x-ndjson") => assert_eq!(self.status, 200),
            Some("text/html; charset=utf-8") => assert!(!String::from_utf8_lossy(&self.body).contains("<script")),
            None if self.status == 204 => assert!(self.body.is_empty()),
            other => panic!("{} with content type {other:?}", self.status),
        }
    }

    fn is_a_problem(&self, id: &str) {
        let body = self.json();
        let code = ProblemCode::ALL.iter().find(|code| code.as_str() == body["code"]).expect("a known code");
        assert_eq!(body["success"], false);
        assert_eq!(body["type"], format!("{PUBLIC_URL}/docs/errors#{}", code.as_str()));
        assert_eq!(body["status"], self.status);
        assert_eq!(self.status, code.status().as_u16());
        assert_eq!(body["requestId"], id);
        for member in ["title", "detail"] {
            assert!(!text(&body, member).is_empty());
        }
        assert_eq!(self.header("www-authenticate").is_some(), self.status == 401);
        assert_eq!(self.header("retry-after").is_some(), matches!(self.status, 429 | 503));
    }
}
