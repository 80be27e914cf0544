//! Access tokens nobody has issued, made by someone who knows the secret key of the service but for
//! one mistake each, so that every check is shown to be made, and not the signature alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otp_core::realm::Realm;
use ring::{hkdf, hmac};
use serde_json::{Value, json};

use crate::world::{ADA, MASTER, World, text};

/// The HS256 secret of the live world of `world`'s customer, derived anew.
fn secret(world: &World) -> Vec<u8> {
    let mac = |key: &[u8], parts: &[&[u8]]| {
        let framed: Vec<u8> =
            parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat()).collect();
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &framed).as_ref().to_vec()
    };
    let mut root = [0; 32];
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"otp-core").extract(&MASTER);
    prk.expand(&[b"access-token"], hkdf::HKDF_SHA256).unwrap().fill(&mut root).unwrap();
    mac(&root, &[b"HS256", &Realm::live(world.customer.id).to_bytes()])
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn sign(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn read(token: &str, place: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap()).unwrap()
}

fn with(value: &Value, member: &str, to: Value) -> Value {
    let mut value = value.clone();
    value[member] = to;
    value
}

fn without(value: &Value, member: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(member).unwrap();
    value
}

/// Every forgery, with its name.
fn forgeries(world: &World, genuine: &str, others: &str) -> Vec<(String, String)> {
    let (header, claims, secret) = (read(genuine, 0), read(genuine, 1), secret(world));
    assert_eq!(header, json!({ "typ": "at+jwt", "alg": "HS256", "kid": header["kid"] }));
    let pieces: Vec<&str> = genuine.split('.').collect();
    let other: Vec<&str> = others.split('.').collect();
    let mut forgeries = vec![
        ("another secret", sign(&header, &claims, &[0; 32])),
        ("no signature", format!("{}.{}.", pieces[0], pieces[1])),
        ("another's signature", format!("{}.{}.{}", pieces[0], pieces[1], other[2])),
        ("another's header and claims", format!("{}.{}.{}", other[0], other[1], pieces[2])),
        ("alg none", format!("{}.{}.", part(&with(&header, "alg", "none".into())), pieces[1])),
        ("alg none, signed", sign(&with(&header, "alg", "none".into()), &claims, &secret)),
        ("alg None", sign(&with(&header, "alg", "None".into()), &claims, &secret)),
        ("no alg", sign(&without(&header, "alg"), &claims, &secret)),
        ("no kid", sign(&without(&header, "kid"), &claims, &secret)),
        ("an unknown kid", sign(&with(&header, "kid", "00000000".into()), &claims, &secret)),
        ("a path for a kid", sign(&with(&header, "kid", "../../dev/null".into()), &claims, &secret)),
        ("no typ", sign(&without(&header, "typ"), &claims, &secret)),
        ("typ JWT", sign(&with(&header, "typ", "JWT".into()), &claims, &secret)),
        ("crit", sign(&with(&header, "crit", json!(["exp"])), &claims, &secret)),
        ("exp as text", sign(&header, &with(&claims, "exp", "1700025200".into()), &secret)),
        ("exp null", sign(&header, &with(&claims, "exp", Value::Null), &secret)),
        ("exp past", sign(&header, &with(&claims, "exp", 1_700_000_000.into()), &secret)),
        ("nbf to come", sign(&header, &with(&claims, "nbf", 1_700_000_001.into()), &secret)),
        ("another issuer", sign(&header, &with(&claims, "iss", "https://evil.example/t/x".into()), &secret)),
        ("the issuer of test mode", {
            let issuer = format!("{}/test", text(&claims, "iss"));
            sign(&header, &with(&claims, "iss", issuer.into()), &secret)
        }),
        ("another audience", sign(&header, &with(&claims, "aud", "cust_x".into()), &secret)),
        ("an audience among several", sign(&header, &with(&claims, "aud", json!([claims["aud"]])), &secret)),
        ("another client", sign(&header, &with(&claims, "client_id", "cust_0000000000000000000001".into()), &secret)),
        ("another session", sign(&header, &with(&claims, "sid", "sess_0000000000000000000001".into()), &secret)),
        ("another generation", sign(&header, &with(&claims, "gen", 1.into()), &secret)),
        ("a list", format!("{}.{}.{}", pieces[0], part(&json!([])), pieces[2])),
        ("four parts", format!("{genuine}.x")),
        ("two parts", format!("{}.{}", pieces[0], pieces[1])),
        ("a blank", format!("{} .{}.{}", pieces[0], pieces[1], pieces[2])),
    ]
    .into_iter()
    .map(|(name, token)| (name.to_owned(), token))
    .collect::<Vec<_>>();
    for algorithm in ["HS384", "HS512", "ES256", "EdDSA", "RS256", "PS256"] {
        forgeries.push((format!("alg {algorithm}"), sign(&with(&header, "alg", algorithm.into()), &claims, &secret)));
    }
    for claim in [
        "iss",
        "sub",
        "aud",
        "client_id",
        "sid",
        "gen",
        "jti",
        "iat",
        "nbf",
        "exp",
        "auth_time",
        "email",
        "amr",
        "purpose",
    ] {
        forgeries.push((format!("no {claim}"), sign(&header, &without(&claims, claim), &secret)));
    }
    forgeries
}

#[tokio::test]
async fn no_forgery_is_accepted() {
    let world = World::new().await;
    let genuine = text(&world.sign_in(ADA).await, "token");
    let others = text(&world.sign_in("grace@example.org").await, "token");

    // The forger signs as well as the service does: unchanged, his token is accepted.
    let mut claims = read(&genuine, 1);
    claims["jti"] = "forged".into();
    let accepted = sign(&read(&genuine, 0), &claims, &secret(&world));
    world.get("/auth/me").bearer(&accepted).send().await.ok();

    for (name, forgery) in forgeries(&world, &genuine, &others) {
        let me = world.get("/auth/me").bearer(&forgery).send().await;
        assert_eq!(me.problem(), (401, "invalid_token".to_owned()), "{name}");
        let refreshed = world.post("/auth/refresh", json!({ "token": forgery })).send().await;
        assert_eq!(refreshed.problem(), (401, "invalid_token".to_owned()), "{name}");
        let introspected = world.call("/auth/introspect", json!({ "token": forgery })).await.ok();
        assert_eq!(introspected, json!({ "active": false }), "{name}");
    }
    world.get("/auth/me").bearer(&genuine).send().await.ok();
}

#[tokio::test]
async fn a_token_is_of_the_user_of_its_session() {
    let world = World::new().await;
    let genuine = text(&world.sign_in(ADA).await, "token");
    let claims = with(&read(&genuine, 1), "sub", "user_0000000000000000000001".into());
    let forged = sign(&read(&genuine, 0), &claims, &secret(&world));
    assert_eq!(world.get("/auth/me").bearer(&forged).send().await.code(), "invalid_token");
    let introspected = world.call("/auth/introspect", json!({ "token": forged })).await.ok();
    assert_eq!(introspected, json!({ "active": false }));
}

#[tokio::test]
async fn a_refresh_token_with_one_character_changed_is_none() {
    let world = World::new().await;
    let token = text(&world.sign_in(ADA).await, "refreshToken");
    for place in 0..token.len() {
        let mut forged = token.clone();
        forged.replace_range(place..=place, if &token[place..=place] == "1" { "2" } else { "1" });
        let answer = world.post("/auth/refresh", json!({ "refreshToken": forged })).send().await;
        assert_eq!(answer.problem(), (401, "invalid_token".to_owned()), "{place}");
    }
    world.post("/auth/refresh", json!({ "refreshToken": token })).send().await.ok();
}
