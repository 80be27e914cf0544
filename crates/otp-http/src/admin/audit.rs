//! `GET /admin/audit-logs`: the audit trail, in pages or as one export.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};
use otp_core::audit::{AuditEvent, Target, Trails};
use otp_core::caller::Actor;
use otp_core::fault::Fault;
use otp_core::id::{AuditId, TenantId};
use otp_core::port::{AuditCursor, AuditFilter, Placed};
use otp_core::realm::Mode;
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::range::{Range, TICK};
use super::{cursor, page};
use crate::app::App;
use crate::call::{Call, Form, Input, TenantCall};
use crate::contract::{self, AnyText, DateOrTime, EventType, Operation, Shape, World};
use crate::problem::{self, Flaw};
use crate::reply::{self, Answer, rfc_3339};

/// One JSON object a line.
const NDJSON: &str = "application/x-ndjson";
/// Entries read at a time for an export.
const AT_ONCE: usize = 500;

/// An entry, as it is answered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub(crate) struct Event {
    #[schema(value_type = contract::AuditId)]
    id: AuditId,
    #[schema(value_type = EventType)]
    event_type: AuditEvent,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    timestamp: Timestamp,
    #[schema(value_type = Party)]
    actor: Actor,
    #[schema(value_type = Option<contract::Ip>, required)]
    ip: Option<IpAddr>,
    #[schema(required)]
    user_agent: Option<String>,
    #[schema(value_type = Option<Party>, required)]
    target: Option<Target>,
    details: BTreeMap<String, String>,
    #[schema(required)]
    request_id: Option<String>,
    #[schema(value_type = World)]
    mode: Mode,
    /// Its place in the chain; absent until it is sealed.
    #[schema(required)]
    seq: Option<u64>,
}

/// Who did something, or to whom or what it was done.
#[derive(ToSchema)]
#[expect(dead_code, reason = "told of, never made: parties are the domain's `Actor` and `Target`")]
pub(super) struct Party {
    /// Of what kind.
    r#type: String,
    /// Which one, where there are several.
    #[schema(nullable = false)]
    id: Option<String>,
}

/// How the route is told of.
pub(crate) const LIST: Operation = Operation::new::<Told>(
    "listAuditEvents",
    "Who did what",
    "The newest first, in pages; or, for who accepts `application/x-ndjson`, all of them as one export, a line each.",
)
.or(200, "Done.", NDJSON);

impl From<Placed> for Event {
    fn from(Placed { entry, seq }: Placed) -> Self {
        Self {
            id: entry.id,
            event_type: entry.event,
            timestamp: entry.at,
            actor: entry.actor,
            ip: entry.ip,
            user_agent: entry.user_agent,
            target: entry.target,
            details: entry.details,
            request_id: entry.request_id,
            mode: entry.realm.mode,
            seq,
        }
    }
}

/// Which entries are asked for.
pub(crate) struct Asked {
    filter: AuditFilter,
    after: Option<AuditCursor>,
    limit: usize,
    /// All of them, a line each.
    is_export: bool,
}

impl Input for Asked {
    fn tell(shape: &mut Shape) {
        shape
            .query::<DateOrTime>("startDate", "Not before.")
            .query::<DateOrTime>("endDate", "Not after.")
            .query::<EventType>("eventType", "Those of this type.")
            .query::<AnyText>("actor", "Those by this key or session; or by `system`, `anybody` or `cli`.")
            .pages();
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let Range { from, last } = Range::read(form);
        let event = form.parameter("eventType", |text| text.parse().map_err(|_| Flaw::InvalidChoice));
        let actor = form.parameter("actor", |text| Ok(text.to_owned()));
        let limit = page::limit(form);
        let after = form.parameter("cursor", |text| {
            let (at, id) = cursor::read(text).ok_or(Flaw::InvalidCursor)?;
            Ok(AuditCursor { at, id: AuditId::from_u128(id) })
        });
        let until = last.map(|last| last.plus(TICK));
        let accept = form.headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
        let is_export = accept.flat_map(|accept| accept.split([',', ';'])).any(|kind| kind.trim() == NDJSON);
        Some(Self { filter: AuditFilter { from, until, event, actor, mentions: None }, after, limit, is_export })
    }
}

/// A page of the trail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvents)]
pub(crate) struct Told {
    events: Vec<Event>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A page of the trail, the newest first; or, for who accepts lines of JSON, all of it.
pub(crate) async fn list(call: Call<TenantCall, Asked>) -> Answer {
    let Call { app, who: TenantCall(who), input: Asked { filter, after, limit, is_export }, .. } = call;
    let (trails, tenant) = (Trails::new(app.deployment.clone()), who.tenant.id);
    if is_export {
        return export(trails, tenant, filter, after).await;
    }
    // One more than asked for tells whether there is a next page.
    let mut events = trails.page(tenant, &filter, after, limit + 1).await?;
    let end = |last: &Placed| cursor::write(last.entry.at, last.entry.id.to_bytes());
    let next_cursor = page::cut(&mut events, limit, end);
    Ok(reply::ok(Told { events: events.into_iter().map(Event::from).collect(), next_cursor }))
}

/// Where an export stands.
struct Export {
    trails: Trails,
    tenant: TenantId,
    filter: AuditFilter,
    after: Option<AuditCursor>,
    is_over: bool,
}

impl Export {
    /// The next lines; nothing, when there are no more.
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.is_over {
            return Ok(None);
        }
        let page = self.trails.page(self.tenant, &self.filter, self.after, AT_ONCE).await?;
        self.is_over = page.len() < AT_ONCE;
        self.after = page.last().map(|last| AuditCursor { at: last.entry.at, id: last.entry.id });
        let mut lines = Vec::new();
        for placed in page {
            serde_json::to_writer(&mut lines, &Event::from(placed))
                .map_err(|error| Fault::corrupt("audit.export", error))?;
            lines.push(b'\n');
        }
        Ok((!lines.is_empty()).then(|| lines.into()))
    }
}

/// The first lines are read before anything is answered, so that a store that is down is told as such.
async fn export(trails: Trails, tenant: TenantId, filter: AuditFilter, after: Option<AuditCursor>) -> Answer {
    let mut export = Export { trails, tenant, filter, after, is_over: false };
    let first = export.next().await?;
    let lines = stream::try_unfold((first, export), |(ready, mut export)| async move {
        let lines = match ready {
            Some(lines) => Some(lines),
            None => export.next().await.inspect_err(problem::log)?,
        };
        Ok::<_, Fault>(lines.map(|lines| (lines, (None, export))))
    });
    let response: Response =
        ([(CONTENT_TYPE, HeaderValue::from_static(NDJSON))], Body::from_stream(lines)).into_response();
    Ok(response)
}
