//! The API keys of a customer: `/admin/customers/{customerId}/api-keys`

use std::time::Duration;

use ipnet::IpNet;
use otp_core::api_key::{KeyKind, KeyRecord, KeyStatus};
use otp_core::calls::Repeatable;
use otp_core::config::network;
use otp_core::id::{KeyId, TenantId};
use otp_core::realm::Mode;
use otp_core::tenants::{KeySpec, LONGEST_GRACE, NewKey, Rotated};
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::register::plain_name;
use crate::app::App;
use crate::call::{Call, Form, Input, KeyCall, Once, TenantCall};
use crate::contract::{self, Grace, Header, Kind, Many, Name, Network, Operation, Shape, TimeToCome, World};
use crate::problem::{Flaw, Problem, ProblemCode};
use crate::reply::{self, Answer, Reply, rfc_3339, rfc_3339_or_null};

/// Networks one key may name.
const MAX_NETWORKS: usize = 100;

/// The customer named in the path, if it is the caller himself. Anybody else is not there.
fn own(who: &KeyCall, id: Option<TenantId>) -> Result<TenantId, Problem> {
    id.filter(|id| *id == who.tenant.id).ok_or_else(|| ProblemCode::NotFound.into())
}

/// Whose keys are asked for.
pub(crate) struct Whose(Option<TenantId>);

impl Input for Whose {
    fn tell(_: &mut Shape) {}

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self(form.segment_from_end(1).parse().ok()))
    }
}

/// An API key, which is shown nowhere.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
struct Key {
    #[schema(value_type = contract::KeyId)]
    key_id: KeyId,
    name: String,
    #[schema(value_type = Kind)]
    kind: KeyKind,
    #[schema(value_type = World)]
    mode: Mode,
    /// What the key begins with.
    prefix: &'static str,
    /// What it ends with.
    last4: String,
    #[schema(value_type = contract::KeyState)]
    status: KeyStatus,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    /// To the minute.
    #[serde(serialize_with = "rfc_3339_or_null")]
    #[schema(value_type = Option<contract::Time>, required)]
    last_used_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc_3339_or_null")]
    #[schema(value_type = Option<contract::Time>, required)]
    expires_at: Option<Timestamp>,
    /// From where it may be used; empty: from everywhere.
    #[schema(value_type = Vec<Network>)]
    allowed_ips: Vec<IpNet>,
}

/// How the route is told of.
pub(crate) const LIST: Operation =
    Operation::new::<Keys>("listApiKeys", "The keys of the account", "Those that are revoked, too.");

/// How the route is told of.
pub(crate) const CREATE: Operation = Operation::new::<Made>("createApiKey", "Make a key", "It is shown this once.")
    .creating()
    .with(&[Header::Replayed])
    .refusing(&[ProblemCode::TooManyKeys]);

/// How the route is told of.
pub(crate) const ROTATE: Operation = Operation::new::<Successor>(
    "rotateApiKey",
    "Give a key a successor",
    "The new key is shown this once, and keeps name, kind, mode and networks. The old one works until its grace ends.",
)
.creating()
.with(&[Header::Replayed])
.refusing(&[ProblemCode::InvalidTransition, ProblemCode::TooManyKeys]);

/// How the route is told of.
pub(crate) const REVOKE: Operation = Operation::new::<Gone>(
    "revokeApiKey",
    "Take a key back",
    "It is refused at once on the node that answers, and within a second on the others.",
)
.refusing(&[ProblemCode::LastKey]);

impl Key {
    fn of(record: KeyRecord, last_used_at: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            key_id: record.id,
            prefix: record.kind.prefix(record.mode),
            status: record.status(now),
            name: record.name,
            kind: record.kind,
            mode: record.mode,
            last4: record.last4,
            created_at: record.created_at,
            last_used_at,
            expires_at: record.expires_at,
            allowed_ips: record.allowed_ips,
        }
    }
}

/// The keys of a customer.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeys)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

/// All of them, the revoked ones too.
pub(crate) async fn list(call: Call<TenantCall, Whose>) -> Answer {
    let Call { app, who: TenantCall(who), input: Whose(id), .. } = call;
    let now = app.deployment.now();
    let keys = app.tenants.keys(own(&who, id)?).await?;
    Ok(reply::ok(Keys { keys: keys.into_iter().map(|(record, used)| Key::of(record, used, now)).collect() }))
}

/// A key to make.
pub(crate) struct Make {
    id: Option<TenantId>,
    spec: KeySpec,
}

impl Input for Make {
    fn tell(shape: &mut Shape) {
        shape
            .optional::<Name>("name", "What to call it.")
            .optional::<Kind>("kind", "What it is for. Default `secret`.")
            .optional::<World>("mode", "The world it opens. Default `live`.")
            .optional::<TimeToCome>("expiresAt", "When it ends; never, unless it is told.")
            .optional::<Many<Network, MAX_NETWORKS>>(
                "allowedIps",
                "From where it may be used; from everywhere, unless it is told.",
            );
    }

    fn read(form: &mut Form<'_>, app: &App) -> Option<Self> {
        let id = form.segment_from_end(1).parse().ok();
        let body = &mut form.body;
        let now = app.deployment.now();
        let spec = KeySpec {
            name: body.optional("name", plain_name).unwrap_or_else(|| "key".to_owned()),
            kind: body.optional("kind", kind).unwrap_or(KeyKind::Secret),
            mode: body.optional("mode", mode).unwrap_or(Mode::Live),
            expires_at: body.optional("expiresAt", |text| to_come(text, now)),
            allowed_ips: body.list("allowedIps", MAX_NETWORKS, known_network).unwrap_or_default(),
        };
        Some(Self { id, spec })
    }
}

fn kind(text: &str) -> Result<KeyKind, Flaw> {
    match text {
        "secret" => Ok(KeyKind::Secret),
        "publishable" => Ok(KeyKind::Publishable),
        _ => Err(Flaw::InvalidChoice),
    }
}

fn mode(text: &str) -> Result<Mode, Flaw> {
    match text {
        "live" => Ok(Mode::Live),
        "test" => Ok(Mode::Test),
        _ => Err(Flaw::InvalidChoice),
    }
}

fn to_come(text: &str, now: Timestamp) -> Result<Timestamp, Flaw> {
    text.parse().ok().filter(|at| *at > now).ok_or(Flaw::InvalidTime)
}

fn known_network(text: &str) -> Result<IpNet, Flaw> {
    network(text).map_err(Flaw::from)
}

/// A new key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKeyCreated)]
pub(crate) struct Made {
    api_key: String,
    #[schema(value_type = contract::KeyId)]
    key_id: KeyId,
    name: String,
    message: &'static str,
}

/// Makes a key; the only time it is shown.
pub(crate) async fn create(call: Call<TenantCall, Once<Make>>) -> Answer {
    let (call, turn) = match call.first_time().await {
        Ok(first) => first,
        Err(answer) => return answer,
    };
    let Call { app, who: TenantCall(who), input: Make { id, spec }, request_id, .. } = call;
    let answer = |made: &NewKey| {
        Reply::created(Made {
            api_key: made.key.expose().to_owned(),
            key_id: made.record.id,
            name: made.record.name.clone(),
            message: "Keep the key now: it is not shown again.",
        })
    };
    let caller = who.caller(&request_id);
    turn.take(answer, async |call| Ok(app.tenants.create_key(own(&who, id)?, spec, &caller, call).await?)).await
}

/// A key to be rotated.
pub(crate) struct Rotate {
    id: Option<TenantId>,
    key: Option<KeyId>,
    grace: Duration,
}

impl Input for Rotate {
    fn tell(shape: &mut Shape) {
        shape.optional::<Grace>("graceSeconds", "For how long the old key works on.");
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let (id, key) = (form.segment_from_end(3).parse().ok(), form.segment_from_end(1).parse().ok());
        let within = |seconds| Some(Duration::from_secs(seconds)).filter(|grace| *grace <= LONGEST_GRACE);
        let grace = form.body.number("graceSeconds", |seconds| within(seconds).ok_or(Flaw::OutOfRange));
        Some(Self { id, key, grace: grace.unwrap_or(LONGEST_GRACE) })
    }
}

/// A new key in place of another.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKeyRotated)]
pub(crate) struct Successor {
    api_key: String,
    #[schema(value_type = contract::KeyId)]
    key_id: KeyId,
    #[schema(value_type = contract::KeyId)]
    old_key_id: KeyId,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    old_key_expires_at: Timestamp,
    message: &'static str,
}

/// Gives a key a successor.
pub(crate) async fn rotate(call: Call<TenantCall, Once<Rotate>>) -> Answer {
    let (call, turn) = match call.first_time().await {
        Ok(first) => first,
        Err(answer) => return answer,
    };
    let Call { app, who: TenantCall(who), input: Rotate { id, key, grace }, request_id, .. } = call;
    let answer = |Rotated { new, old, old_expires_at }: &Rotated| {
        Reply::created(Successor {
            api_key: new.key.expose().to_owned(),
            key_id: new.record.id,
            old_key_id: *old,
            old_key_expires_at: *old_expires_at,
            message: "Keep the new key now: it is not shown again. The old one works until it expires.",
        })
    };
    let make = async |call: Option<&Repeatable<'_, Rotated>>| {
        let (id, key) = (own(&who, id)?, key.ok_or(ProblemCode::NotFound)?);
        Ok(app.tenants.rotate_key(id, key, grace, &who.caller(&request_id), call).await?)
    };
    turn.take(answer, make).await
}

/// A key to be taken back.
pub(crate) struct Revoke {
    id: Option<TenantId>,
    key: Option<KeyId>,
}

impl Input for Revoke {
    fn tell(_: &mut Shape) {}

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self { id: form.segment_from_end(2).parse().ok(), key: form.last_segment().parse().ok() })
    }
}

/// A key that is refused from now on.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeyRevoked)]
pub(crate) struct Gone {
    message: &'static str,
}

/// Takes a key back.
pub(crate) async fn revoke(call: Call<TenantCall, Revoke>) -> Answer {
    let Call { app, who: TenantCall(who), input: Revoke { id, key }, request_id, .. } = call;
    let (id, key) = (own(&who, id)?, key.ok_or(ProblemCode::NotFound)?);
    app.tenants.revoke_key(id, key, false, &who.caller(&request_id)).await?;
    Ok(reply::ok(Gone { message: "The key is refused from now on." }))
}
