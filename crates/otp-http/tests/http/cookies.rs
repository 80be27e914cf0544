//! Sessions held by a cookie: what takes the place of tokens, and what keeps other pages from using it.

use axum::http::Method;
use otp_core::realm::Mode;
use otp_core::tenant::TenantStatus;
use serde_json::json;

use crate::page::{Held, ORIGIN};
use crate::world::{ADA, Answer, World, settings, text};

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// That `answer` has the browser drop `held`.
#[track_caller]
fn drops(answer: &Answer, held: &Held) {
    let (name, _) = held.cookie.split_once('=').unwrap();
    let (attributes, _) = held.attributes.rsplit_once("Max-Age=").unwrap();
    assert_eq!(answer.header("set-cookie"), Some(format!("{name}=; {attributes}Max-Age=0").as_str()));
}

#[tokio::test]
async fn a_cookie_takes_the_place_of_tokens() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    let answer = page.verify(ADA).await;
    let held = Held::of(&answer);
    assert!(held.cookie.starts_with(&format!("__Host-otp_{}=otp_rt_", world.customer.id)), "{held:?}");
    assert_eq!(held.attributes, "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1209600");
    let body = answer.ok();
    assert_eq!(
        body,
        json!({
            "success": true,
            "tokenType": "Bearer",
            "expiresIn": 25_200,
            "expiresAt": "2023-11-15T05:13:20.000Z",
            "refreshExpiresAt": "2023-11-28T22:13:20.000Z",
            "userId": body["userId"],
            "email": ADA,
            "customerId": world.customer.id.to_string(),
            "sessionId": body["sessionId"],
            "purpose": "sign-in",
            "csrfToken": held.csrf,
            "isNewUser": true,
        })
    );
    // A page that was loaded anew learns its CSRF token again; with a key or without.
    let others = [b"theme=d\xfcster; ", held.cookie.as_bytes(), b"; x"].concat();
    for ask in [page.me(&held), world.get("/auth/me").header("cookie", others)] {
        let me = ask.send().await.ok();
        assert_eq!((text(&me, "csrfToken"), &me["session"]["sessionId"]), (held.csrf.clone(), &body["sessionId"]));
    }
    let answer = page.rest("/auth/logout", &held).send().await;
    drops(&answer, &held);
    assert_eq!(answer.ok()["message"], "Logged out.");
    assert_eq!(page.me(&held).send().await.problem(), refused(401, "invalid_token"));
    assert_eq!(page.rest("/auth/logout", &held).send().await.problem(), refused(401, "invalid_token"));
}

#[tokio::test]
async fn refreshing_replaces_cookie_and_csrf_token() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    let first = page.sign_in(ADA).await;
    world.advance(60);
    let answer = page.rest("/auth/refresh", &first).send().await;
    let second = Held::of(&answer);
    let body = answer.ok();
    assert!(body.get("token").is_none() && body.get("refreshToken").is_none() && body.get("isNewUser").is_none());
    assert!(second.cookie != first.cookie && second.csrf != first.csrf);
    page.me(&second).send().await.ok();
    assert_eq!(page.me(&first).send().await.problem(), refused(401, "invalid_token"));
    // Another tab still has the CSRF token before, but the browser has one cookie for both.
    let stale = Held { csrf: first.csrf.clone(), ..second.clone() };
    assert_eq!(page.rest("/auth/refresh", &stale).send().await.problem(), refused(403, "csrf_failed"));

    // Two tabs refresh at once: both get the same, with a key or without.
    world.advance(10);
    assert_eq!(Held::of(&page.rest("/auth/refresh", &first).send().await).cookie, second.cookie);
    let keyless = world.post("/auth/refresh", json!({})).header("origin", ORIGIN).header("cookie", &first.cookie);
    let keyless = Held::of(&keyless.header("x-csrf-token", &first.csrf).send().await);
    assert_eq!((keyless.cookie, keyless.csrf), (second.cookie.clone(), second.csrf.clone()));
    world.advance(1);
    let reused = page.rest("/auth/refresh", &first).send().await;
    assert_eq!(reused.problem(), refused(401, "refresh_reused"));
    drops(&reused, &second);
    let ended = page.rest("/auth/refresh", &second).send().await;
    assert_eq!(ended.problem(), refused(401, "invalid_token"));
    drops(&ended, &second);
}

#[tokio::test]
async fn every_post_that_rests_on_a_cookie_needs_the_csrf_token_beside_it() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    let held = page.sign_in(ADA).await;
    let other = page.sign_in("grace@example.org").await;
    let shorter = &held.csrf[..held.csrf.len() - 1];
    for path in ["/auth/logout", "/auth/refresh"] {
        let bare = || page.ask(Method::POST, path).header("cookie", &held.cookie);
        for ask in [
            bare(),
            bare().header("x-csrf-token", ""),
            bare().header("x-csrf-token", shorter),
            bare().header("x-csrf-token", &other.csrf),
            bare().header("x-csrf-token", &held.csrf).header("x-csrf-token", &held.csrf),
            // Before whatever is wrong with the body.
            bare().header("content-type", "text/plain").body("x"),
        ] {
            let answer = ask.send().await;
            assert_eq!(answer.problem(), refused(403, "csrf_failed"), "{path}");
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    page.me(&held).send().await.ok();
    let faulty = page.rest("/auth/refresh", &held).json(json!({ "x": 1 })).send().await;
    assert_eq!(faulty.faults(), [("/x".to_owned(), "unknown_member".to_owned())]);
    page.rest("/auth/refresh", &held).json(json!({})).send().await.ok();
    page.rest("/auth/logout", &other).json(json!({ "everywhere": true })).send().await.ok();
}

#[tokio::test]
async fn a_cookie_is_good_for_pages_its_customer_allows_alone() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    let held = page.sign_in(ADA).await;
    for path in ["/auth/logout", "/auth/refresh"] {
        for key in [None, Some(&page.key)] {
            for origin in [None, Some("https://evil.example"), Some("null")] {
                let mut ask = world.ask(Method::POST, path).header("cookie", &held.cookie);
                ask = ask.header("x-csrf-token", &held.csrf);
                if let Some(key) = key {
                    ask = ask.key(key);
                }
                if let Some(origin) = origin {
                    ask = ask.header("origin", origin);
                }
                assert_eq!(ask.send().await.problem(), refused(403, "origin_not_allowed"), "{path} {origin:?}");
            }
        }
    }
    let foreign = world.get("/auth/me").header("cookie", &held.cookie).header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.problem(), refused(403, "origin_not_allowed"));
    page.me(&held).send().await.ok();

    world.set_status(world.customer.id, TenantStatus::Suspended).await;
    for ask in [page.me(&held), page.rest("/auth/logout", &held), page.rest("/auth/refresh", &held)] {
        assert_eq!(ask.send().await.problem(), refused(403, "customer_suspended"));
    }
    // Who does not come from a page of theirs is not told.
    let forged = page.ask(Method::POST, "/auth/logout").header("cookie", &held.cookie).send().await;
    assert_eq!(forged.problem(), refused(403, "csrf_failed"));
}

#[tokio::test]
async fn a_token_goes_before_a_cookie() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    let held = page.sign_in(ADA).await;
    let by_token = world.sign_in(ADA).await;
    // Nothing rests on the cookie then: it needs no CSRF token, and is left alone.
    let me = page.me(&held).bearer(&text(&by_token, "token")).send().await.ok();
    assert_eq!((&me["session"]["sessionId"], me.get("csrfToken")), (&by_token["sessionId"], None));
    let out = page.post("/auth/logout", json!({})).bearer(&text(&by_token, "token")).header("cookie", &held.cookie);
    let out = out.send().await;
    assert_eq!((out.status, out.header("set-cookie")), (200, None));
    page.me(&held).send().await.ok();
    let bad = page.me(&held).bearer("eyJ.e30.x").send().await;
    assert_eq!(bad.problem(), refused(401, "invalid_token"));

    // A page that has a refresh token from before moves on to a cookie.
    let token = json!({ "refreshToken": world.sign_in("grace@example.org").await["refreshToken"] });
    let moved = page.post("/auth/refresh", token.clone()).header("cookie", &held.cookie).send().await;
    assert_eq!(moved.status, 200);
    page.me(&Held::of(&moved)).send().await.ok();
    world.advance(11);
    let reused = page.post("/auth/refresh", token).header("cookie", &held.cookie).send().await;
    assert_eq!((reused.header("set-cookie"), reused.code().as_str()), (None, "refresh_reused"));
    for unusable in
        [json!({ "refreshToken": 7 }), json!({ "token": null }), json!({ "token": "a", "refreshToken": "b" })]
    {
        let answer = page.rest("/auth/refresh", &held).json(unusable).send().await;
        assert_eq!(answer.problem(), refused(400, "invalid_request"));
    }
}

#[tokio::test]
async fn servers_and_customers_without_cookie_mode_go_on_with_tokens() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    let held = page.sign_in(ADA).await;
    assert!(world.sign_in(ADA).await["token"].is_string(), "a secret key gets tokens");
    let server = world.post("/auth/refresh", json!({})).key(&world.customer.key).header("cookie", &held.cookie);
    assert_eq!(server.send().await.problem(), refused(400, "invalid_request"));
    let server = world.get("/auth/me").key(&world.customer.key).header("cookie", &held.cookie);
    assert_eq!(server.send().await.problem(), refused(401, "invalid_token"));

    world.configure(json!({ "session": { "cookie": false } })).await;
    assert_eq!(page.me(&held).send().await.problem(), refused(401, "invalid_token"));
    assert_eq!(page.rest("/auth/logout", &held).send().await.problem(), refused(401, "invalid_token"));
    let left = page.rest("/auth/refresh", &held).send().await;
    assert_eq!(left.problem(), refused(401, "invalid_token"));
    drops(&left, &held);
    let tokens = page.verify("grace@example.org").await;
    assert_eq!(tokens.header("set-cookie"), None);
    let body = tokens.ok();
    assert!(body["token"].is_string() && body["refreshToken"].is_string() && body.get("csrfToken").is_none());
    assert_eq!(page.ask(Method::POST, "/auth/refresh").send().await.problem(), refused(400, "invalid_request"));
}

#[tokio::test]
async fn each_world_has_a_cookie_of_its_own_and_a_key_says_which() {
    let world = World::new().await;
    let live = world.cookie_page().await;
    let test = world.page(Mode::Test).await;
    let (held, tried) = (live.sign_in(ADA).await, test.sign_in(ADA).await);
    assert!(tried.cookie.starts_with(&format!("__Host-otp_{}_test=", world.customer.id)), "{tried:?}");
    let both = format!("{}; {}", held.cookie, tried.cookie);
    let me = |key: &str, cookie: &str| world.get("/auth/me").key(key).header("cookie", cookie).send();
    assert_eq!(text(&me(&live.key, &both).await.ok(), "csrfToken"), held.csrf);
    assert_eq!(text(&me(&test.key, &both).await.ok(), "csrfToken"), tried.csrf);
    assert_eq!(me(&test.key, &held.cookie).await.problem(), refused(401, "invalid_token"));
    // Without a key nobody can say which is meant.
    let keyless = |cookie: &str| world.get("/auth/me").header("cookie", cookie).send();
    assert_eq!(keyless(&both).await.problem(), refused(401, "invalid_token"));
    assert_eq!(text(&keyless(&tried.cookie).await.ok(), "csrfToken"), tried.csrf);

    // A token under the name of another world, and what is no token at all.
    let (_, token) = held.cookie.split_once('=').unwrap();
    let (name, _) = tried.cookie.split_once('=').unwrap();
    for cookie in
        [format!("{name}={token}"), format!("{name}="), format!("{name}=x"), tried.cookie.replace("__Host-", "")]
    {
        assert_eq!(me(&test.key, &cookie).await.problem(), refused(401, "invalid_token"), "{cookie}");
    }
    // Of two under one name the browser has kept the later one last.
    let twice = format!("{name}={token}; {}", tried.cookie);
    assert_eq!(text(&me(&test.key, &twice).await.ok(), "csrfToken"), tried.csrf);
}

#[tokio::test]
async fn a_forged_cookie_is_dropped_and_opens_nothing() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    let held = page.sign_in(ADA).await;
    let (body, end) = held.cookie.split_at(held.cookie.len() - 2);
    let forged = Held { cookie: format!("{body}{}", if end == "AA" { "BA" } else { "AA" }), ..held.clone() };
    assert_eq!(page.me(&forged).send().await.problem(), refused(401, "invalid_token"));
    let answer = page.rest("/auth/refresh", &forged).send().await;
    assert_eq!(answer.problem(), refused(401, "invalid_token"));
    drops(&answer, &held);
    let other = world.customer("Other", "free").await;
    let foreign =
        Held { cookie: held.cookie.replace(&world.customer.id.to_string(), &other.id.to_string()), ..held.clone() };
    assert_eq!(page.me(&foreign).send().await.problem(), refused(401, "invalid_token"));
    page.me(&held).send().await.ok();
}

#[tokio::test]
async fn attributes_follow_the_configuration_and_the_public_url() {
    let world = World::new().await;
    let page = world.cookie_page().await;
    world.configure(json!({ "session": { "sameSite": "strict" }, "tokens": { "refreshIdleSeconds": 600 } })).await;
    let strict = page.sign_in(ADA).await;
    assert_eq!(strict.attributes, "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=600");
    world.configure(json!({ "session": { "sameSite": "none" } })).await;
    let none = page.sign_in(ADA).await;
    assert_eq!(none.attributes, "Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=600");
    drops(&page.rest("/auth/logout", &none).send().await, &none);

    let plain = World::with(otp_http::Settings { public_url: "http://localhost:8080".to_owned(), ..settings() }).await;
    let page = plain.cookie_page().await;
    let held = page.sign_in(ADA).await;
    assert!(held.cookie.starts_with(&format!("otp_{}=", plain.customer.id)));
    assert_eq!(held.attributes, "Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600");
    page.me(&held).send().await.ok();
    // Browsers take this one only if it is secure, and on loopback they do.
    plain.configure(json!({ "session": { "sameSite": "none" } })).await;
    assert!(page.sign_in(ADA).await.attributes.starts_with("Path=/; Secure; HttpOnly; SameSite=None; Partitioned; "));
}

#[tokio::test]
async fn only_on_this_machine_are_cookies_sent_in_clear() {
    for (public_url, guarded) in [
        ("http://127.0.0.1:8080", false),
        ("http://[::1]:8080/otp", false),
        ("HTTP://LOCALHOST", false),
        ("http://otp.example.org", true),
        ("http://10.0.0.7:8080", true),
        ("http://0.0.0.0:8080", true),
        ("http://localhost.example.org", true),
        ("https://localhost", true),
    ] {
        let world = World::with(otp_http::Settings { public_url: public_url.to_owned(), ..settings() }).await;
        let page = world.cookie_page().await;
        let held = page.sign_in(ADA).await;
        assert_eq!(held.cookie.starts_with("__Host-otp_"), guarded, "{public_url}");
        assert_eq!(held.attributes.contains("Secure; "), guarded, "{public_url}");
        page.me(&held).send().await.ok();
    }
}

#[tokio::test]
async fn cookie_mode_is_a_member_of_the_configuration() {
    let world = World::new().await;
    let put = |session| {
        let config = json!({ "config": { "session": session } });
        world.ask(Method::PUT, "/admin/config").json(config).key(&world.customer.key).send()
    };
    let config = world.get("/admin/config").key(&world.customer.key).send().await.ok();
    assert_eq!(config["config"]["session"], json!({ "cookie": false, "sameSite": "lax" }));
    let set = put(json!({ "cookie": true, "sameSite": "none" })).await.ok();
    assert_eq!(set["config"]["session"], json!({ "cookie": true, "sameSite": "none" }));
    let back = put(json!({ "sameSite": null })).await.ok();
    assert_eq!(back["config"]["session"], json!({ "cookie": true, "sameSite": "lax" }));
    let refused = put(json!({ "cookie": "yes", "sameSite": "Lax", "domain": "example.com" })).await;
    let pointers: Vec<_> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/config/session/cookie", "/config/session/domain", "/config/session/sameSite"]);
}
