//! Whatever is sent, the answer keeps to the contract: nothing panics, nothing is our fault.

use axum::http::{HeaderValue, Method};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::world::{ADA, Answer, World};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// That the answer is no fault of ours; that it keeps to the rules, [`World::ask`] sees to.
fn blameless(answer: &Answer) -> Result<(), TestCaseError> {
    prop_assert!(answer.status < 500, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
    Ok(())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!(ADA)),
        Just(json!("123456789")),
        Just(json!("chl_0000000000000000000001")),
        "[a-z0-9-]{1,33}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(member(), inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn member() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 14] = [
        "email",
        "otp",
        "purpose",
        "locale",
        "challengeId",
        "context",
        "ip",
        "userAgent",
        "everywhere",
        "token",
        "refreshToken",
        "name",
        "companyName",
        "plan",
    ];
    prop_oneof![9 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::hash_map(member(), value(), 0..6).prop_map(|members| members.into_iter().collect())
}

const POSTS: [&str; 6] =
    ["/auth/request-otp", "/auth/verify-otp", "/auth/logout", "/auth/refresh", "/auth/introspect", "/admin/customers"];

fn paths() -> impl Strategy<Value = String> {
    let known = ["/auth/me", "/admin/usage", "/admin/customers/me", "/admin/customers", "/health", "/health/live"];
    prop_oneof![
        prop::sample::select([&POSTS[..], &known].concat()).prop_map(str::to_owned),
        "/admin/customers/[!-.0-~]{0,30}".prop_filter("a path", |path| !path.contains(['?', '#'])),
        "/[!-~]{0,30}".prop_filter("a path", |path| !path.contains(['?', '#'])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_object(path in prop::sample::select(&POSTS[..]), body in object(), operator: bool, token: bool) {
        runtime().block_on(async {
            let world = World::new().await;
            let ask = world.post(path, body);
            let ask = if operator { ask.key(&world.operator) } else { ask };
            let ask = if token { ask.bearer("eyJ.e30.x") } else { ask.bearer(&world.customer.key) };
            blameless(&ask.send().await)
        })?;
    }

    #[test]
    fn any_octets(path in prop::sample::select(&POSTS[..]), body in prop::collection::vec(any::<u8>(), 0..200)) {
        runtime().block_on(async {
            let world = World::new().await;
            let key = if path == "/admin/customers" { &world.operator } else { &world.customer.key };
            let ask = world.ask(Method::POST, path).key(key).header("content-type", "application/json").body(body);
            blameless(&ask.send().await)
        })?;
    }

    #[test]
    fn any_path_query_and_method(
        path in paths(),
        query in "([!-\"$-~]{0,20}|(status|limit|cursor|q|plan)=[!-\"$-~]{0,20}&?){0,3}",
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "X"]),
        operator: bool,
    ) {
        let target = format!("{path}?{query}");
        prop_assume!(target.parse::<axum::http::Uri>().is_ok());
        runtime().block_on(async {
            let world = World::new().await;
            let key = if operator { &world.operator } else { &world.customer.key };
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            blameless(&world.ask(method, &target).key(key).send().await)
        })?;
    }

    #[test]
    fn any_headers(
        path in prop::sample::select(&POSTS[..]),
        headers in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "x-otp-api-key", "authorization", "idempotency-key", "x-request-id", "content-type", "accept-language",
                    "host", "origin", "x-forwarded-for", "content-length",
                ]),
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..30),
                    "(Bearer )?(otp_live_sk_|otp_live_op_|eyJ)[a-zA-Z0-9._-]{0,60}".prop_map(String::into_bytes),
                ],
            ),
            0..6,
        ),
        good: bool,
    ) {
        runtime().block_on(async {
            let world = World::new().await;
            let mut ask = world.post(path, json!({ "email": ADA, "otp": "123456789" }));
            if good {
                ask = ask.key(&world.customer.key);
            }
            for (name, value) in headers {
                if HeaderValue::from_bytes(&value).is_ok() {
                    ask = ask.header(name, value);
                }
            }
            blameless(&ask.send().await)
        })?;
    }
}
