//! Calls of the HTTP contract, through the public router: whatever is sent, the answer is no fault of the service and says what
//! is wrong.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use axum::http::{HeaderValue, Method, Request, request};

use crate::service::Service;
use crate::values::text;

fn ask(service: &Service, method: Method, path: &str) -> request::Builder {
    let request = Request::builder().method(method).uri(path).header("x-otp-api-key", &service.key);
    request.header(CONTENT_TYPE, "application/json")
}

fn send(service: &Service, request: request::Builder, body: impl Into<Body>) {
    // What the fuzzer makes up may be no header or no path at all: then there is no call.
    if let Ok(request) = request.body(body.into()) {
        service.call(request);
    }
}

/// An origin that a customer lists.
pub(crate) fn origin(data: &[u8]) {
    let Some(text) = text(data) else { return };
    Service::with(|service| {
        let listed = serde_json::json!({ "config": { "allowedOrigins": [text] } });
        send(service, ask(service, Method::PUT, "/admin/config"), listed.to_string());
        let page = Request::builder().method(Method::OPTIONS).uri("/auth/me").header(ORIGIN, data);
        send(service, page.header("access-control-request-method", "GET"), "");
    });
}

/// Cookies, beside none and beside genuine ones.
pub(crate) fn cookie(data: &[u8]) {
    Service::with(|service| {
        let genuine = [b"__Host-otp_session=", service.tokens.refresh.expose().as_bytes(), b"; ", data].concat();
        for cookies in [data, genuine.as_slice()] {
            let Ok(cookies) = HeaderValue::from_bytes(cookies) else { return };
            for (method, path) in [(Method::GET, "/auth/me"), (Method::POST, "/auth/refresh")] {
                send(service, Request::builder().method(method).uri(path).header(COOKIE, &cookies), "");
            }
        }
    });
}

/// Queries of everything that takes one.
pub(crate) fn query(data: &[u8]) {
    let Some(text) = text(data) else { return };
    Service::with(|service| {
        for path in [
            "/admin/audit-logs",
            "/admin/users",
            "/admin/analytics",
            "/admin/usage",
            "/admin/config/versions",
            "/signup/confirm",
        ] {
            send(service, ask(service, Method::GET, &format!("{path}?{text}")), "");
        }
        let customers = Request::builder().uri(format!("/admin/customers?{text}"));
        send(service, customers.header("x-otp-api-key", &service.operator), "");
    });
}

/// Idempotency keys of calls that remember their answer.
pub(crate) fn idempotency_key(data: &[u8]) {
    Service::with(|service| {
        for (path, body) in
            [("/auth/request-otp", r#"{"email":"ada@example.org"}"#), ("/admin/onboarding/test-otp", "")]
        {
            send(service, ask(service, Method::POST, path).header("idempotency-key", data), body);
        }
    });
}

/// Bodies.
pub(crate) fn json(data: &[u8]) {
    Service::with(|service| {
        for (method, path) in [
            (Method::POST, "/auth/request-otp"),
            (Method::POST, "/auth/verify-otp"),
            (Method::POST, "/auth/introspect"),
            (Method::POST, "/auth/refresh"),
            (Method::POST, "/signup/verify"),
            (Method::PUT, "/admin/config"),
            (Method::PUT, "/admin/config/email"),
            (Method::PUT, "/admin/onboarding"),
        ] {
            send(service, ask(service, method, path), data.to_vec());
        }
    });
}

/// Whole calls as they stand on the wire; `{sk}`, `{op}` and `{token}` stand for credentials that are good.
pub(crate) fn http(data: &[u8]) {
    Service::with(|service| {
        let data = [("{sk}", &service.key), ("{op}", &service.operator), ("{token}", &service.tokens.access)]
            .into_iter()
            .fold(data.to_vec(), |data, (name, credential)| replaced(&data, name.as_bytes(), credential.as_bytes()));
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(length)) = head.parse(&data) else { return };
        let (Some(method), Some(path)) = (head.method, head.path) else { return };
        let request = Request::builder().method(method).uri(path);
        let request = head.headers.iter().fold(request, |request, header| request.header(header.name, header.value));
        send(service, request, data[length..].to_vec());
        // The same by a person.
        let request = Request::builder().method(method).uri(path);
        let bearer = format!("Bearer {}", service.tokens.access);
        send(service, request.header(AUTHORIZATION, bearer), data[length..].to_vec());
    });
}

/// `data` with `new` in every place of `old`.
fn replaced(data: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let (mut done, mut rest) = (Vec::new(), data);
    while let Some(place) = rest.windows(old.len()).position(|window| window == old) {
        done.extend([&rest[..place], new].concat());
        rest = &rest[place + old.len()..];
    }
    [&done, rest].concat()
}
