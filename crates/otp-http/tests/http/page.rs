//! A page of the customer, in a browser that keeps its cookie.

use axum::http::Method;
use otp_core::api_key::KeyKind;
use otp_core::realm::Mode;
use otp_core::tenants::KeySpec;
use serde_json::{Value, json};

use crate::world::{Answer, Ask, World, code_in, text};

/// Where the page is from.
pub(crate) const ORIGIN: &str = "https://app.example.com";

/// A page with a publishable key.
pub(crate) struct Page<'w> {
    world: &'w World,
    pub(crate) key: String,
    mode: Mode,
}

/// What a browser and its page hold of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// `name=value`.
    pub(crate) cookie: String,
    /// What stands behind that in `Set-Cookie`.
    pub(crate) attributes: String,
    pub(crate) csrf: String,
}

impl Held {
    /// What `answer` has them hold from now on.
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        let set = answer.header("set-cookie").expect("no cookie");
        let (cookie, attributes) = set.split_once("; ").unwrap();
        let csrf = text(&answer.json(), "csrfToken");
        Self { cookie: cookie.to_owned(), attributes: attributes.to_owned(), csrf }
    }
}

impl World {
    /// A page of [`ORIGIN`], which the customer allows, with cookies.
    pub(crate) async fn cookie_page(&self) -> Page<'_> {
        self.configure(json!({ "allowedOrigins": [ORIGIN], "session": { "cookie": true } })).await;
        self.page(Mode::Live).await
    }

    /// A page, whatever the customer has set.
    pub(crate) async fn page(&self, mode: Mode) -> Page<'_> {
        let key = self.key(KeySpec { kind: KeyKind::Publishable, mode, ..KeySpec::secret("page") }).await;
        Page { world: self, key, mode }
    }
}

impl<'w> Page<'w> {
    /// A call as the page makes it: with its key, and its origin, which the browser adds.
    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask<'w> {
        self.world.ask(method, path).key(&self.key).header("origin", ORIGIN)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Ask<'w> {
        self.ask(Method::POST, path).json(body)
    }

    /// Signs `email` in; answers the answer.
    pub(crate) async fn verify(&self, email: &str) -> Answer {
        let asked = self.post("/auth/request-otp", json!({ "email": email })).send().await.ok();
        let code = match self.mode {
            Mode::Live => code_in(&self.world.deliver().await[0]),
            Mode::Test => "424242424".to_owned(),
        };
        self.post("/auth/verify-otp", json!({ "challengeId": asked["challengeId"], "otp": code })).send().await
    }

    /// Signs `email` in by cookie.
    pub(crate) async fn sign_in(&self, email: &str) -> Held {
        let answer = self.verify(email).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        Held::of(&answer)
    }

    /// `GET /auth/me` by cookie.
    pub(crate) fn me(&self, held: &Held) -> Ask<'w> {
        self.ask(Method::GET, "/auth/me").header("cookie", &held.cookie)
    }

    /// A `POST` with an empty body that rests on the cookie, as it has to be.
    pub(crate) fn rest(&self, path: &str, held: &Held) -> Ask<'w> {
        self.ask(Method::POST, path).header("cookie", &held.cookie).header("x-csrf-token", &held.csrf)
    }
}
