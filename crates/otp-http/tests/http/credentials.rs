//! Every route and every credential: what opens what, and which check comes first. The rules of `expected` are the table.

use std::collections::BTreeMap;

use axum::http::Method;
use otp_core::api_key::KeyKind;
use otp_core::port::Age;
use otp_core::realm::Mode;
use otp_core::tenant::TenantStatus;
use otp_core::tenants::KeySpec;
use serde_json::json;

use crate::edge::ROUTES;
use crate::world::{Answer, Ask, World, text};

/// What a route wants of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// Nothing: it is open to everybody.
    Nothing,
    /// Any key of a customer.
    Key,
    /// A secret key of a customer, live or test.
    SecretKey,
    /// A live secret key of the customer himself.
    OwnKey,
    /// An operator's key.
    Operator,
    /// A user's token.
    Token,
    /// A token in the body.
    TokenInBody,
}

fn wants(path: &str) -> Wants {
    match path {
        "/auth/request-otp" | "/auth/verify-otp" => Wants::Key,
        "/auth/introspect" => Wants::SecretKey,
        "/auth/me" | "/auth/logout" => Wants::Token,
        "/auth/refresh" => Wants::TokenInBody,
        "/admin/customers" | "/admin/customers/cust_x" => Wants::Operator,
        "/admin/customers/cust_x/status"
        | "/admin/customers/cust_x/plan"
        | "/admin/customers/cust_x/suspend"
        | "/admin/customers/cust_x/activate" => Wants::Operator,
        own if own.starts_with("/admin/") => Wants::OwnKey,
        open if ["/signup", "/health", "/t/", "/docs", "/openapi.json"]
            .iter()
            .any(|prefix| open.starts_with(prefix)) =>
        {
            Wants::Nothing
        }
        other => panic!("nobody has said what {other} wants"),
    }
}

/// What a caller sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sends {
    Nothing,
    Garbage,
    Typo,
    Expired,
    Revoked,
    Publishable,
    Secret,
    TestSecret,
    TestPublishable,
    OthersSecret,
    Operator,
    OfSuspended,
    OfCancelled,
    Token,
    OthersToken,
    TokenOfSuspended,
    /// A good token beside another customer's key.
    TokenBesideOthersKey,
}

/// Status and code, or nothing where the caller is let in.
type Refusal = Option<(u16, &'static str)>;

fn expected(wants: Wants, sends: Sends) -> Refusal {
    const NO_KEY: Refusal = Some((401, "invalid_api_key"));
    const NO_TOKEN: Refusal = Some((401, "invalid_token"));
    const SCOPE: Refusal = Some((403, "insufficient_scope"));
    const OPERATOR: Refusal = Some((403, "operator_required"));
    const SUSPENDED: Refusal = Some((403, "customer_suspended"));
    use Sends as S;
    match (wants, sends) {
        (Wants::Nothing, _) => None,
        // What is no good key is refused everywhere else, needed or not.
        (_, S::Garbage | S::Typo | S::Expired | S::Revoked) => NO_KEY,
        // A credential that is missing comes before whatever is said of its customer.
        (Wants::Token, S::OfSuspended | S::OfCancelled) => NO_TOKEN,
        (_, S::OfSuspended) => SUSPENDED,
        (_, S::OfCancelled) => Some((403, "customer_cancelled")),

        (Wants::Token, S::Token) => None,
        (Wants::Token, S::OthersToken) => None,
        (Wants::Token, S::TokenOfSuspended) => SUSPENDED,
        (_, S::TokenBesideOthersKey) => NO_TOKEN,
        (Wants::Token | Wants::TokenInBody, S::Operator) => SCOPE,
        (Wants::Token, _) => NO_TOKEN,

        (Wants::TokenInBody, _) => None,

        // A token is no key.
        (_, S::Nothing | S::Token | S::OthersToken | S::TokenOfSuspended) => NO_KEY,
        (Wants::Operator, S::Operator) => None,
        (Wants::Operator, _) => OPERATOR,
        (_, S::Operator) => SCOPE,
        (Wants::Key, _) => None,
        (Wants::SecretKey, S::Publishable | S::TestPublishable) => SCOPE,
        (Wants::SecretKey, _) => None,
        (Wants::OwnKey, S::Publishable | S::TestPublishable | S::TestSecret) => SCOPE,
        (Wants::OwnKey, S::Secret | S::OthersSecret) => None,
    }
}

/// Keys and tokens of every kind.
struct Wallet {
    keys: BTreeMap<Sends, String>,
    tokens: BTreeMap<Sends, String>,
}

const PAGE: &str = "https://app.example.com";

impl Wallet {
    async fn of(world: &World) -> Self {
        world.configure(json!({ "allowedOrigins": [PAGE] })).await;
        let spec = |kind, mode| KeySpec { kind, mode, ..KeySpec::secret("k") };
        let mut keys = BTreeMap::new();
        let key = &world.customer.key;
        keys.insert(Sends::Secret, key.clone());
        keys.insert(Sends::Garbage, "otp_live_sk_".to_owned());
        let typo = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
        keys.insert(Sends::Typo, typo);
        let expires_at = Some(world.now());
        keys.insert(Sends::Expired, world.key(KeySpec { expires_at, ..KeySpec::secret("old") }).await);
        keys.insert(Sends::Publishable, world.key(spec(KeyKind::Publishable, Mode::Live)).await);
        keys.insert(Sends::TestSecret, world.key(spec(KeyKind::Secret, Mode::Test)).await);
        keys.insert(Sends::TestPublishable, world.key(spec(KeyKind::Publishable, Mode::Test)).await);
        keys.insert(Sends::Revoked, world.key(KeySpec::secret("gone")).await);
        world
            .change(world.customer.id, |tenant| {
                tenant
                    .keys
                    .iter_mut()
                    .filter(|key| key.name == "gone")
                    .for_each(|key| key.revoked_at = Some(key.created_at));
            })
            .await;
        keys.insert(Sends::Operator, world.operator.clone());
        let mut tokens = BTreeMap::new();
        tokens.insert(Sends::Token, text(&world.sign_in("ada@example.org").await, "token"));
        for (sends, name, status) in [
            (Sends::OthersSecret, "Other", TenantStatus::Active),
            (Sends::OfSuspended, "Late", TenantStatus::Suspended),
            (Sends::OfCancelled, "Gone", TenantStatus::Cancelled),
        ] {
            let other = world.customer(name, "pro").await;
            let asked = world.post("/auth/request-otp", json!({ "email": "eve@example.org" })).key(&other.key);
            let id = text(&asked.send().await.ok(), "challengeId");
            let code = crate::world::code_in(&world.deliver().await[0]);
            let verify = world.post("/auth/verify-otp", json!({ "challengeId": id, "otp": code })).key(&other.key);
            let token = text(&verify.send().await.ok(), "token");
            match status {
                TenantStatus::Active => drop(tokens.insert(Sends::OthersToken, token)),
                TenantStatus::Suspended => drop(tokens.insert(Sends::TokenOfSuspended, token)),
                TenantStatus::Cancelled => {}
            }
            world.set_status(other.id, status).await;
            keys.insert(sends, other.key);
        }
        Self { keys, tokens }
    }

    /// `ask` with what the caller sends. A publishable key comes from a page.
    fn put<'w>(&self, sends: Sends, ask: Ask<'w>) -> Ask<'w> {
        if sends == Sends::TokenBesideOthersKey {
            return ask.bearer(&self.tokens[&Sends::Token]).key(&self.keys[&Sends::OthersSecret]);
        }
        let from_page = [Sends::Publishable, Sends::TestPublishable].contains(&sends);
        let ask = if from_page { ask.header("origin", PAGE) } else { ask };
        match (self.keys.get(&sends), self.tokens.get(&sends)) {
            (Some(key), _) => ask.key(key),
            (None, Some(token)) => ask.bearer(token),
            (None, None) => ask,
        }
    }
}

const ALL: [Sends; 17] = [
    Sends::Nothing,
    Sends::Garbage,
    Sends::Typo,
    Sends::Expired,
    Sends::Revoked,
    Sends::Publishable,
    Sends::Secret,
    Sends::TestSecret,
    Sends::TestPublishable,
    Sends::OthersSecret,
    Sends::Operator,
    Sends::OfSuspended,
    Sends::OfCancelled,
    Sends::TokenOfSuspended,
    Sends::TokenBesideOthersKey,
    Sends::OthersToken,
    // Last: whoever logs out has no token any more.
    Sends::Token,
];

fn methods(allowed: &str) -> impl Iterator<Item = Method> {
    allowed.split(',').filter(|method| *method != "HEAD").map(|method| method.parse().unwrap())
}

/// Whether an answer lets its caller in: whatever else is wrong with the call comes later.
fn lets_in(answer: &Answer) -> bool {
    !matches!(answer.status, 401 | 403)
}

fn says(answer: &Answer, refusal: (u16, &str)) -> bool {
    (answer.status, answer.code().as_str()) == refusal
}

#[tokio::test]
async fn every_credential_opens_what_it_should_and_nothing_else() {
    let world = World::new().await;
    // With every feature, or the plan would refuse who is let in.
    world.change(world.customer.id, |tenant| tenant.plan = "pro".to_owned()).await;
    let wallet = Wallet::of(&world).await;
    let mut checked = 0;
    for (path, allowed) in ROUTES {
        for method in methods(allowed) {
            for sends in ALL {
                let what = format!("{method} {path} with {sends:?}");
                // Of a version nobody has made, so that going back to it takes no origin away.
                let path = path.replace("versions/1", "versions/99");
                let ask = || wallet.put(sends, world.ask(method.clone(), &path));
                // Whoever is refused is refused before anybody looks at what he says.
                let nonsense = || ask().header("content-type", "text/plain").body("{");
                match expected(wants(&path), sends) {
                    Some(refusal) => {
                        for answer in [ask().send().await, nonsense().send().await] {
                            assert!(says(&answer, refusal), "{what}: {} {}", answer.status, answer.json());
                        }
                    }
                    None => {
                        let nonsense = nonsense().send().await;
                        assert!(lets_in(&nonsense), "{what}: {}", nonsense.status);
                        if !matches!(method, Method::GET) && wants(&path) != Wants::Nothing {
                            assert_eq!(nonsense.problem(), (415, "unsupported_media_type".to_owned()), "{what}");
                            let broken = ask().header("content-type", "application/json").body("{").send().await;
                            assert_eq!(broken.problem(), (400, "invalid_json".to_owned()), "{what}");
                        }
                        let answer = ask().send().await;
                        assert!(lets_in(&answer), "{what}: {}", answer.status);
                    }
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 600, "{checked}");
}

#[tokio::test]
async fn size_comes_before_and_origin_right_after_the_credential() {
    let world = World::new().await;
    let wallet = Wallet::of(&world).await;
    for (path, allowed) in ROUTES {
        for method in methods(allowed).filter(|method| *method != Method::GET) {
            let what = format!("{method} {path}");
            let huge = world.ask(method.clone(), path).body(vec![b' '; 256 * 1024 + 1]).send().await;
            assert_eq!(huge.problem(), (413, "payload_too_large".to_owned()), "{what}");
            if matches!(wants(path), Wants::Nothing) {
                continue;
            }
            let from_page =
                |sends, page: &str| wallet.put(sends, world.ask(method.clone(), path)).header("origin", page);
            let secret = from_page(Sends::Secret, PAGE).send().await;
            let told = if wants(path) == Wants::Token { "invalid_token" } else { "secret_key_in_browser" };
            assert_eq!(secret.code(), told, "{what}");
            let homeless = world.ask(method.clone(), path).key(&wallet.keys[&Sends::Publishable]).send().await;
            let told = if wants(path) == Wants::Token { "invalid_token" } else { "origin_not_allowed" };
            assert_eq!(homeless.code(), told, "{what}");
            // A page that is not allowed is told so before its customer's status and its key's scope.
            let foreign = from_page(Sends::OfSuspended, "https://evil.example").send().await;
            let told = if wants(path) == Wants::Token { "invalid_token" } else { "secret_key_in_browser" };
            assert_eq!(foreign.code(), told, "{what}");
        }
    }
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there_and_stays_as_it_is() {
    let world = World::new().await;
    let other = world.customer("Other", "free").await;
    let ada = world.sign_in("ada@example.org").await;
    let before = world.services.tenants.get(world.customer.id, Age::Fresh).await.unwrap();
    let trail = world.services.deployment.stores().audit.recent(world.customer.id, 1_000).await.unwrap();
    let unknown = "0".repeat(21);
    let mut seen = 0;
    for (path, allowed) in ROUTES {
        if wants(path) != Wants::OwnKey || !["cust_x", "key_x", "user_x", "sess_x"].iter().any(|id| path.contains(id)) {
            continue;
        }
        let theirs = path
            .replace("cust_x", &world.customer.id.to_string())
            .replace("key_x", &world.customer.record.id.to_string())
            .replace("user_x", &text(&ada, "userId"))
            .replace("sess_x", &text(&ada, "sessionId"));
        let nobodys = ["cust", "key", "user", "sess"]
            .iter()
            .fold(path.to_owned(), |path, kind| path.replace(&format!("{kind}_x"), &format!("{kind}_{unknown}7")));
        for method in methods(allowed) {
            let ask = |path: &str| world.ask(method.clone(), path).key(&other.key).header("x-request-id", "r").send();
            let (foreign, unknown) = (ask(&theirs).await, ask(&nobodys).await);
            assert_eq!(foreign.problem(), (404, "not_found".to_owned()), "{method} {path}");
            assert_eq!((foreign.headers, foreign.body), (unknown.headers, unknown.body), "{method} {path}");
            seen += 1;
        }
    }
    assert_eq!(seen, 11);
    assert_eq!(world.services.tenants.get(world.customer.id, Age::Fresh).await.unwrap(), before);
    assert_eq!(world.services.deployment.stores().audit.recent(world.customer.id, 1_000).await.unwrap(), trail);
    assert_eq!(world.get("/auth/me").bearer(&text(&ada, "token")).send().await.status, 200);
}
