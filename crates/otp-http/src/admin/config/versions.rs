//! Earlier versions of a configuration, and the way back to one.

use otp_core::caller::Actor;
use otp_core::calls::Repeatable;
use otp_core::port::ConfigMark;
use otp_core::tenant::Tenant;
use otp_core::tenants::ConfigChange;
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::ConfigView;
use super::{Changed, MAX_BODY, REFUSALS, conditional};
use super::{change, changed, expected};
use crate::admin::audit::Party;
use crate::admin::page;
use crate::app::App;
use crate::call::{Call, Form, Input, Once, TenantCall};
use crate::contract::{self, Header, Operation, Shape};
use crate::problem::{Flaw, ProblemCode};
use crate::reply::{self, Answer, rfc_3339};

/// A version of a configuration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfigVersion)]
struct Mark {
    config_version: u64,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    #[schema(value_type = Party)]
    actor: Actor,
}

/// How the route is told of.
pub(crate) const LIST: Operation =
    Operation::new::<Versions>("listConfigVersions", "Earlier versions", "The newest first.");

/// How the route is told of.
pub(crate) const ONE: Operation =
    Operation::new::<Version<'static>>("getConfigVersion", "One earlier version", "What was set then.");

/// How the route is told of.
pub(crate) const RESTORE: Operation = Operation::new::<Changed<'static>>(
    "restoreConfigVersion",
    "Go back to an earlier version",
    "In a version of its own, if today's plan allows it. What is sealed stays as it is now.",
)
.with(&[Header::ETag, Header::Replayed])
.refusing(REFUSALS);

impl From<ConfigMark> for Mark {
    fn from(ConfigMark { number, at, by }: ConfigMark) -> Self {
        Self { config_version: number, created_at: at, actor: by }
    }
}

/// A page of versions.
pub(crate) struct Page {
    before: Option<u64>,
    limit: usize,
}

impl Input for Page {
    fn tell(shape: &mut Shape) {
        shape.pages();
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let limit = page::limit(form);
        let before = form.parameter("cursor", |text| text.parse().map_err(|_| Flaw::InvalidCursor));
        Some(Self { before, limit })
    }
}

/// A page of versions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfigVersions)]
pub(crate) struct Versions {
    versions: Vec<Mark>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The versions there were, the newest first.
pub(crate) async fn list(call: Call<TenantCall, Page>) -> Answer {
    let Call { app, who: TenantCall(who), input: Page { before, limit }, .. } = call;
    // One more than asked for tells whether there is a next page.
    let mut marks = app.tenants.configurations(who.tenant.id, before, limit + 1).await?;
    let next_cursor = page::cut(&mut marks, limit, |last| last.number.to_string());
    Ok(reply::ok(Versions { versions: marks.into_iter().map(Mark::from).collect(), next_cursor }))
}

/// The number of a version. A text that is none finds nothing, as any number that is not there.
pub(crate) struct Which(Option<u64>);

impl Input for Which {
    fn tell(_: &mut Shape) {}

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self(form.last_segment().parse().ok()))
    }
}

/// A version and what was set then.
#[derive(Serialize, ToSchema)]
#[schema(as = OneConfigVersion)]
pub(crate) struct Version<'t> {
    #[serde(flatten)]
    mark: Mark,
    config: ConfigView<'t>,
}

/// One of them.
pub(crate) async fn one(call: Call<TenantCall, Which>) -> Answer {
    let Call { app, who: TenantCall(who), input: Which(number), .. } = call;
    let number = number.ok_or(ProblemCode::NotFound)?;
    let version = app.tenants.configuration(who.tenant.id, number).await?.ok_or(ProblemCode::NotFound)?;
    let plan = app.deployment.plan_of(&who.tenant)?;
    let mark = Mark { config_version: version.number, created_at: version.at, actor: version.by };
    Ok(reply::ok(Version { mark, config: ConfigView::of(&version.settings, &plan) }))
}

/// The number of a version to go back to.
pub(crate) struct Back {
    number: Option<u64>,
    expected: Option<u64>,
}

impl Input for Back {
    const MAX_BODY: usize = MAX_BODY;

    fn tell(shape: &mut Shape) {
        conditional(shape);
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let number = form.segment_from_end(1).parse().ok();
        Some(Self { number, expected: expected(form) })
    }
}

/// Goes back to one, in a version of its own.
pub(crate) async fn restore(call: Call<TenantCall, Once<Back>>) -> Answer {
    let (call, turn) = match call.first_time().await {
        Ok(first) => first,
        Err(answer) => return answer,
    };
    let Call { app, who: TenantCall(who), input: Back { number, expected }, request_id, .. } = call;
    let make = async |call: Option<&Repeatable<'_, Tenant>>| {
        let number = number.ok_or(ProblemCode::NotFound)?;
        change(&app, &who, ConfigChange::Restore(number), expected, &request_id, ("", ""), call).await
    };
    turn.take(|tenant| changed(&app, tenant), make).await
}
