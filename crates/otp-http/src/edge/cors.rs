//! Which pages may read the answers to their calls of `/auth/*`: CORS, as the Fetch standard has it.
//!
//! Decided here is only what a browser lets its pages read. That a page of a foreign origin gets nothing done is
//! decided where its credential is checked.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use otp_core::config::OriginAccess;
use otp_core::id::TenantId;
use otp_core::tenant::Tenant;

use crate::app::App;
use crate::problem;

/// What lies open to pages.
const OPEN: &str = "/auth/";
/// How long the index of origins may take. Whoever waits has his answer already, but for this.
const PATIENCE: Duration = Duration::from_secs(2);

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, x-csrf-token, x-otp-api-key, x-request-id");
/// How long a browser need not ask again, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// By name, for with credentials no asterisk stands for all.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Retry-After, X-Request-Id, Idempotency-Replayed, RateLimit, RateLimit-Policy, X-RateLimit-Limit, \
     X-RateLimit-Remaining, X-RateLimit-Reset, X-Quota-Limit, X-Quota-Remaining, X-Quota-Reset",
);

/// The page a call comes from, and what the call's customer says of it once he is known.
#[derive(Clone, Default)]
pub(crate) struct Page {
    origin: Option<HeaderValue>,
    access: Arc<OnceLock<OriginAccess>>,
}

impl Page {
    /// That of a request on its way.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// Goes by the word of `tenant`, whose credential came with the call. The first one it is told of is the only one
    /// that gets an answer.
    pub(crate) fn calls(&self, tenant: &Tenant) {
        if let Some(origin) = self.origin()
            && tenant.id != TenantId::SERVICE
        {
            self.access.get_or_init(|| tenant.settings().access_of(origin));
        }
    }

    /// How far it may call: as its customer says, or, while nobody knows who that is, as any of them does.
    async fn access(&self, app: &App) -> OriginAccess {
        match (self.access.get(), self.origin()) {
            (Some(access), _) => *access,
            (None, Some(origin)) => of_any(origin, app).await,
            (None, None) => OriginAccess::Denied,
        }
    }

    fn origin(&self) -> Option<&str> {
        self.origin.as_ref().and_then(|origin| origin.to_str().ok())
    }
}

/// The one origin in `headers`. Who sends two is no browser.
pub(crate) fn origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    origins.next().filter(|_| origins.next().is_none())
}

/// A call of what lies open to pages, as seen on its way in.
pub(super) struct Visit {
    page: Page,
    is_preflight: bool,
}

impl Visit {
    /// That of `request`, if it is one. The page is left in its extensions.
    pub(super) fn of(request: &mut Request) -> Option<Self> {
        if !request.uri().path().starts_with(OPEN) {
            return None;
        }
        let page = Page { origin: origin(request.headers()).cloned(), access: Arc::default() };
        request.extensions_mut().insert(page.clone());
        Some(Self { page, is_preflight: request.method() == Method::OPTIONS })
    }

    /// The answer to a browser that asks whether a page may call at all, which needs no route.
    pub(super) fn preflight(&self) -> Option<Response> {
        self.is_preflight.then(|| StatusCode::NO_CONTENT.into_response())
    }

    /// Lets the page read `response`, if it may.
    pub(super) async fn open(self, response: &mut Response, app: &App) {
        let access = self.page.access(app).await;
        let headers = response.headers_mut();
        // Where the answer depends on it, and where it would have depended on another.
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let (Some(origin), OriginAccess::Allowed | OriginAccess::WithCookies) = (self.page.origin, access) else {
            return;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if access == OriginAccess::WithCookies {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if self.is_preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        } else {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// How far some customer or other lets `origin` call; not at all, where that cannot be found out: the answer itself
/// does not depend on it.
async fn of_any(origin: &str, app: &App) -> OriginAccess {
    let asked = AssertUnwindSafe(app.tenants.access_of(origin)).catch_unwind();
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Ok(access))) => access,
        Ok(Ok(Err(fault))) => {
            problem::log(&fault);
            OriginAccess::Denied
        }
        Ok(Err(_)) | Err(_) => {
            tracing::error!("the index of origins panicked or took too long");
            OriginAccess::Denied
        }
    }
}
