//! Tokens signed by key pairs: verified by another implementation from what is published, and by nobody who forges them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_compact::alg::{Ed25519, Es256};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmExt, UntrustedToken};
use otp_core::api_key::KeyKind;
use otp_core::realm::Mode;
use otp_core::tenants::KeySpec;
use ring::hmac;
use serde_json::{Value, json};

use crate::world::{ADA, World, text};

fn read(token: &str, place: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap()).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The claims of `token`, if `key` has signed it.
fn verified(token: &str, key: &Value) -> Option<Value> {
    let jwk: JsonWebKey<'_> = serde_json::from_value(key.clone()).unwrap();
    let token = UntrustedToken::new(token).ok()?;
    let claims = match key["alg"].as_str().unwrap() {
        "ES256" => {
            let key = <Es256 as Algorithm>::VerifyingKey::try_from(&jwk).unwrap();
            Es256.validator::<Value>(&key).validate(&token).ok()?
        }
        _ => {
            let key = <Ed25519 as Algorithm>::VerifyingKey::try_from(&jwk).unwrap();
            Ed25519.validator::<Value>(&key).validate(&token).ok()?
        }
    };
    Some(claims.claims().custom.clone())
}

impl World {
    async fn jwks(&self, mode: &str) -> Vec<Value> {
        let path = format!("/t/{}{mode}/.well-known/jwks.json", self.customer.id);
        let answer = self.get(&path).send().await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!(body.as_object().unwrap().len(), 1);
        body["keys"].as_array().unwrap().clone()
    }

    async fn sign_with(&self, algorithm: &str) {
        self.configure(json!({ "tokens": { "algorithm": algorithm } })).await;
    }

    async fn token(&self, email: &str) -> String {
        text(&self.sign_in(email).await, "token")
    }

    /// Whether `token` is good everywhere, or nowhere.
    async fn accepts(&self, token: &str) -> bool {
        let me = self.get("/auth/me").bearer(token).send().await;
        let introspected = self.call("/auth/introspect", json!({ "token": token })).await.ok();
        assert_eq!(introspected["active"], me.status == 200);
        if me.status != 200 {
            assert_eq!(me.problem(), (401, "invalid_token".to_owned()));
            let refreshed = self.post("/auth/refresh", json!({ "token": token })).send().await;
            assert_eq!(refreshed.problem(), (401, "invalid_token".to_owned()));
        }
        me.status == 200
    }
}

#[tokio::test]
async fn another_implementation_verifies_tokens_by_what_is_published() {
    let world = World::new().await;
    assert_eq!(world.jwks("").await, Vec::<Value>::new());
    for (round, (algorithm, kty, crv)) in
        [("ES256", "EC", "P-256"), ("EdDSA", "OKP", "Ed25519")].into_iter().enumerate()
    {
        world.sign_with(algorithm).await;
        let token = world.token(&format!("user{round}@example.org")).await;
        let header = read(&token, 0);
        let keys = world.jwks("").await;
        let key = &keys[0];
        assert_eq!(header, json!({ "typ": "at+jwt", "alg": algorithm, "kid": key["kid"] }));
        let said = [&key["kty"], &key["crv"], &key["alg"], &key["use"]];
        assert_eq!(said, [&json!(kty), &json!(crv), &json!(algorithm), &json!("sig")]);
        assert!(key.get("d").is_none(), "the private half");

        let claims = verified(&token, key).expect("another implementation refuses it");
        assert_eq!(
            (&claims["email"], &claims["client_id"]),
            (&read(&token, 1)["email"], &read(&token, 1)["client_id"])
        );
        let tampered = {
            let mut claims = read(&token, 1);
            claims["email"] = "eve@example.org".into();
            let pieces: Vec<&str> = token.split('.').collect();
            format!("{}.{}.{}", pieces[0], part(&claims), pieces[2])
        };
        assert_eq!(verified(&tampered, key), None);
        assert!(world.accepts(&token).await && !world.accepts(&tampered).await);
    }
}

#[tokio::test]
async fn each_algorithm_takes_over_from_the_one_before() {
    let world = World::new().await;
    let mut issued = vec![world.token("user0@example.org").await];
    for (round, algorithm) in ["ES256", "EdDSA", "HS256"].into_iter().enumerate() {
        world.sign_with(algorithm).await;
        let token = world.token(&format!("user{}@example.org", round + 1)).await;
        assert_eq!(read(&token, 0)["alg"], algorithm);
        issued.push(token);
        for token in &issued {
            assert!(world.accepts(token).await, "{algorithm} ended tokens of before");
        }
        let published: Vec<_> = world.jwks("").await.iter().map(|key| text(key, "alg")).collect();
        let expected: &[&str] = match algorithm {
            "ES256" => &["ES256"],
            "EdDSA" => &["EdDSA", "ES256"],
            _ => &[],
        };
        assert_eq!(published, expected);
    }
    // What was retired goes once nothing it has signed can live, with the next change.
    world.configure(json!({ "tokens": { "accessTtlSeconds": 86_400, "algorithm": "EdDSA" } })).await;
    world.advance(86_400);
    world.configure(json!({ "locale": "de" })).await;
    let published: Vec<_> = world.jwks("").await.iter().map(|key| text(key, "alg")).collect();
    assert_eq!(published, ["EdDSA"]);
    assert!(!world.accepts(&issued[1]).await);

    let kid = world.jwks("").await[0]["kid"].clone();
    world.configure(json!({ "locale": "fr" })).await;
    assert_eq!(world.jwks("").await[0]["kid"], kid, "another change makes no other key");
    world.configure(json!({ "tokens": null })).await;
    assert_eq!(world.jwks("").await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_changes_his_mind_signs_with_the_keys_there_are() {
    let world = World::new().await;
    world.sign_with("ES256").await;
    let (token, first) = (world.token(ADA).await, world.jwks("").await[0]["kid"].clone());
    for _ in 0..5 {
        world.sign_with("EdDSA").await;
        world.sign_with("HS256").await;
        world.sign_with("ES256").await;
    }
    let keys = world.jwks("").await;
    let algorithms: Vec<_> = keys.iter().map(|key| text(key, "alg")).collect();
    assert_eq!((algorithms, &keys[0]["kid"]), (vec!["ES256".to_owned(), "EdDSA".to_owned()], &first));
    assert_eq!(world.jwks("/test").await.len(), 2);
    assert!(world.accepts(&token).await);
    assert_eq!(read(&world.token("grace@example.org").await, 0)["kid"], first);

    // Nothing changes, and what was retired is listed for as long as its tokens may live.
    world.advance(86_399);
    assert_eq!(world.jwks("").await.len(), 2);
    world.advance(1);
    assert_eq!(world.jwks("").await.len(), 1);
    world.sign_with("EdDSA").await;
    assert_ne!(world.jwks("").await[0]["kid"], keys[1]["kid"], "nobody lists that one any more");
}

#[tokio::test]
async fn a_token_is_for_the_key_and_the_algorithm_it_names_and_nothing_else() {
    let world = World::new().await;
    world.sign_with("EdDSA").await;
    world.sign_with("ES256").await;
    let genuine = world.token(ADA).await;
    let keys = world.jwks("").await;
    let (es256, eddsa) = (&keys[0], &keys[1]);
    let (header, claims) = (read(&genuine, 0), read(&genuine, 1));
    let signature = genuine.rsplit('.').next().unwrap();
    let named = |alg: &str, kid: &Value| json!({ "typ": "at+jwt", "alg": alg, "kid": kid });
    let hmac_by = |header: &Value, secret: &[u8]| {
        let message = format!("{}.{}", part(header), part(&claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let public: Vec<u8> = [4]
        .into_iter()
        .chain(URL_SAFE_NO_PAD.decode(text(es256, "x")).unwrap())
        .chain(URL_SAFE_NO_PAD.decode(text(es256, "y")).unwrap())
        .collect();
    let with_header = |header: &Value| format!("{}.{}.{signature}", part(header), part(&claims));
    let other = world.customer("Other", "free").await;
    let configure = json!({ "config": { "tokens": { "algorithm": "ES256" } } });
    world.ask(axum::http::Method::PUT, "/admin/config").key(&other.key).json(configure).send().await.ok();
    let path = format!("/t/{}/.well-known/jwks.json", other.id);
    let others = world.get(&path).send().await.json()["keys"][0]["kid"].clone();
    let test_kid = world.jwks("/test").await[0]["kid"].clone();

    for (name, forgery) in [
        ("signed with the public key for a secret", hmac_by(&named("HS256", &es256["kid"]), &public)),
        ("the same, called ES256", hmac_by(&named("ES256", &es256["kid"]), &public)),
        ("with the public key as JSON", hmac_by(&named("HS256", &es256["kid"]), es256.to_string().as_bytes())),
        ("none", format!("{}.{}.", part(&named("none", &es256["kid"])), part(&claims))),
        ("under the key of another algorithm", with_header(&named("ES256", &eddsa["kid"]))),
        ("called another algorithm", with_header(&named("EdDSA", &es256["kid"]))),
        ("under another's key", with_header(&named("ES256", &others))),
        ("under the key of test mode", with_header(&named("ES256", &test_kid))),
        ("under an unknown key", with_header(&named("ES256", &json!("sig_0000000000000000000001")))),
        ("without a key", with_header(&json!({ "typ": "at+jwt", "alg": "ES256" }))),
        ("of another type", with_header(&json!({ "typ": "JWT", "alg": "ES256", "kid": es256["kid"] }))),
        ("without a type", with_header(&json!({ "alg": "ES256", "kid": es256["kid"] }))),
        ("cut short", genuine[..genuine.len() - 4].to_owned()),
        ("with a signature of DER", format!("{}.{}.MEUCIQ", part(&header), part(&claims))),
        ("without a signature", format!("{}.{}.", part(&header), part(&claims))),
    ] {
        assert!(!world.accepts(&forgery).await, "{name}");
    }
    assert!(world.accepts(&genuine).await);
}

#[tokio::test]
async fn live_and_test_have_keys_of_their_own() {
    let world = World::new().await;
    world.sign_with("EdDSA").await;
    let spec = KeySpec { kind: KeyKind::Secret, mode: Mode::Test, ..KeySpec::secret("test") };
    let key = world.key(spec).await;
    world.post("/auth/request-otp", json!({ "email": ADA })).key(&key).send().await.ok();
    let verify = world.post("/auth/verify-otp", json!({ "email": ADA, "otp": "424242424" })).key(&key);
    let token = text(&verify.send().await.ok(), "token");
    let (live, test) = (world.jwks("").await, world.jwks("/test").await);
    assert_ne!(live[0]["kid"], test[0]["kid"]);
    assert!(verified(&token, &test[0]).is_some() && verified(&token, &live[0]).is_none());
    assert_eq!(world.get("/auth/me").bearer(&token).send().await.status, 200);
}

#[tokio::test]
async fn nobody_unknown_publishes_keys() {
    let world = World::new().await;
    let service = otp_core::id::TenantId::SERVICE;
    let strange = ["cust_x", "%00", "%ff", "%", "%zz", "cust_%c3%28"].map(ToOwned::to_owned);
    for customer in [format!("cust_{}1", "0".repeat(21)), service.to_string()].into_iter().chain(strange) {
        for mode in ["", "/test"] {
            let answer = world.get(&format!("/t/{customer}{mode}/.well-known/jwks.json")).send().await;
            assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{customer}{mode}");
        }
    }
}

#[tokio::test]
async fn the_private_half_is_nowhere_in_clear() {
    let world = World::new().await;
    world.sign_with("ES256").await;
    let tenant = world.services.tenants.get(world.customer.id, otp_core::port::Age::Fresh).await.unwrap().unwrap();
    assert_eq!(tenant.signing_keys.len(), 2);
    let kept = serde_json::to_string(&tenant.signing_keys).unwrap() + &format!("{tenant:?}");
    // How every PKCS #8 document of a key on P-256 begins, as a list of octets.
    assert!(!kept.contains("48,129,135,2,1,0,48,19") && !kept.contains("48, 129, 135, 2, 1, 0, 48, 19"), "{kept}");
    let config = world.get("/admin/config").key(&world.customer.key).send().await.ok();
    assert_eq!(config["config"]["tokens"]["algorithm"], "ES256");
    assert!(!config.to_string().contains("private"));
}
