//! `/admin/analytics…`: what a customer sees of its traffic.

use std::collections::BTreeMap;
use std::time::Duration;

use otp_core::analytics::{FailureReport, Latency, Metrics, Overview, Realtime, Recently, Span};
use otp_core::limit::DAY;
use otp_core::plan::Feature;
use otp_core::port::Failure;
use otp_core::realm::{Mode, Realm};
use otp_core::time::Timestamp;
use otp_core::traffic::Category;
use serde::Serialize;
use utoipa::ToSchema;

use super::range::{Range, TICK};
use crate::app::App;
use crate::call::{Call, Form, Input, KeyCall, TenantCall};
use crate::contract::{self, DateOrTime, FailureCategory, Granularity, Operation, Shape, World};
use crate::problem::{Flaw, Problem, ProblemCode};
use crate::reply::{self, Answer, rfc_3339};

/// How far back is looked unless the caller says otherwise, today within.
const USUALLY: Duration = Duration::from_secs(29 * DAY.as_secs());
/// The longest range by hours, by days, and by months.
const MOST: [Duration; 3] = [
    Duration::from_secs(31 * DAY.as_secs()),
    Duration::from_secs(400 * DAY.as_secs()),
    Duration::from_secs(3660 * DAY.as_secs()),
];

/// Refuses a customer whose plan has no analytics.
fn allowed(app: &App, who: &KeyCall) -> Result<(), Problem> {
    let plan = app.deployment.plan_of(&who.tenant)?;
    if plan.features.contains(&Feature::Analytics) { Ok(()) } else { Err(ProblemCode::FeatureNotInPlan.into()) }
}

fn realm(who: &KeyCall, mode: Mode) -> Realm {
    Realm { tenant: who.tenant.id, mode }
}

fn mode(form: &mut Form<'_>) -> Mode {
    let read = |text: &str| match text {
        "live" => Ok(Mode::Live),
        "test" => Ok(Mode::Test),
        _ => Err(Flaw::InvalidChoice),
    };
    form.parameter("mode", read).unwrap_or(Mode::Live)
}

/// Both ends of a range, of which neither need be given.
fn ends(range: Range, now: Timestamp) -> (Timestamp, Timestamp) {
    // Without an end it goes on until now, unless it begins later.
    let last = range.last.unwrap_or_else(|| range.from.map_or(now, |from| from.max(now)));
    (range.from.unwrap_or_else(|| last.minus(USUALLY)), last)
}

/// Which spans are asked for.
pub(crate) struct Asked {
    span: Span,
    mode: Mode,
    from: Timestamp,
    last: Timestamp,
}

impl Input for Asked {
    fn tell(shape: &mut Shape) {
        shape
            .query::<DateOrTime>("startDate", "Where the range begins. Default: 29 days before its end.")
            .query::<DateOrTime>("endDate", "The last day or moment within. Default: now.")
            .query::<Granularity>("granularity", "How long a bucket is. Default `day`.")
            .query::<World>("mode", "Of which world. Default `live`.");
    }

    fn read(form: &mut Form<'_>, app: &App) -> Option<Self> {
        let read = |text: &str| Span::ALL.into_iter().find(|span| span.as_str() == text).ok_or(Flaw::InvalidChoice);
        let span = form.parameter("granularity", read).unwrap_or(Span::Day);
        let mode = mode(form);
        let (from, last) = ends(Range::read(form), app.deployment.now());
        let [hours, days, months] = MOST;
        let most = match span {
            Span::Hour => hours,
            Span::Day => days,
            Span::Month => months,
        };
        if span.start(from).until(span.next(last)) > most {
            form.note_parameter("startDate", Flaw::RangeTooLong);
        }
        Some(Self { span, mode, from, last })
    }
}

/// The figures of a span of time, as they are answered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Metrics)]
struct Figures {
    otp_requests: u64,
    otp_verifications: u64,
    successful_logins: u64,
    failed_attempts: u64,
    emails_sent: u64,
    emails_failed: u64,
    api_calls: u64,
    /// Octets, now; of a span in the past nobody knows.
    #[schema(required)]
    storage_used: Option<u64>,
    /// Of a hundred codes asked for, how many signed somebody in.
    success_rate: f64,
    /// Exact; null over more than 31 days.
    #[schema(required)]
    unique_users: Option<u64>,
    new_users: u64,
    avg_response_time_ms: f64,
}

impl Figures {
    fn of(metrics: &Metrics, unique_users: Option<u64>, storage_used: Option<u64>) -> Self {
        Self {
            otp_requests: metrics.otp_requests,
            otp_verifications: metrics.otp_verifications,
            successful_logins: metrics.successful_logins,
            failed_attempts: metrics.failed_attempts(),
            emails_sent: metrics.emails_sent,
            emails_failed: metrics.emails_failed,
            api_calls: metrics.api_calls,
            storage_used,
            success_rate: metrics.success_rate(),
            unique_users,
            new_users: metrics.new_users,
            avg_response_time_ms: metrics.avg_response_time_ms(),
        }
    }
}

/// What was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Period {
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    start_date: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    end_date: Timestamp,
    #[schema(value_type = Granularity)]
    granularity: Span,
    #[schema(value_type = World)]
    mode: Mode,
}

/// The figures of an hour, a day or a month.
#[derive(Serialize, ToSchema)]
struct Bucket {
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    start: Timestamp,
    #[serde(flatten)]
    figures: Figures,
}

/// The figures of a range, and of each of its spans.
#[derive(Serialize, ToSchema)]
#[schema(as = Analytics)]
pub(crate) struct Spans {
    period: Period,
    metrics: Figures,
    breakdown: Vec<Bucket>,
}

/// How the route is told of.
pub(crate) const OVERVIEW: Operation = Operation::new::<Spans>(
    "getAnalytics",
    "Traffic by the hour, the day or the month",
    "A bucket for each of the range, zeros included. `endDate` is within. At most 31 days by the hour, 400 days by the day.",
)
.refusing(&[ProblemCode::FeatureNotInPlan]);

/// A range by its spans.
pub(crate) async fn overview(call: Call<TenantCall, Asked>) -> Answer {
    let Call { app, who: TenantCall(who), input: Asked { span, mode, from, last }, .. } = call;
    allowed(&app, &who)?;
    let Overview { from, until, total, unique_users, octets, spans } =
        app.reports.overview(realm(&who, mode), span, from, last).await?;
    let bucket = |(start, metrics, users): (Timestamp, Metrics, u64)| Bucket {
        start,
        figures: Figures::of(&metrics, Some(users), None),
    };
    Ok(reply::ok(Spans {
        period: Period { start_date: from, end_date: until.minus(TICK), granularity: span, mode },
        metrics: Figures::of(&total, unique_users, Some(octets)),
        breakdown: spans.into_iter().map(bucket).collect(),
    }))
}

/// Of which world is asked.
pub(crate) struct InMode(Mode);

impl Input for InMode {
    fn tell(shape: &mut Shape) {
        shape.query::<World>("mode", "Of which world. Default `live`.");
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self(mode(form)))
    }
}

/// The figures of a while that ends now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecentMetrics)]
struct RecentView {
    otp_requests: u64,
    otp_verifications: u64,
    failed_attempts: u64,
    active_users: u64,
}

impl From<Recently> for RecentView {
    fn from(Recently { metrics, active_users }: Recently) -> Self {
        Self {
            otp_requests: metrics.otp_requests,
            otp_verifications: metrics.otp_verifications,
            failed_attempts: metrics.failed_attempts(),
            active_users,
        }
    }
}

/// How long calls of a route took, in milliseconds.
#[derive(ToSchema)]
#[schema(as = Latency)]
#[expect(dead_code, reason = "told of, never made: latencies are the domain's `Latency`")]
struct LatencyTold {
    count: u64,
    avg: f64,
    p50: f64,
    p95: f64,
    p99: f64,
}

/// What happens now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RealtimeAnalytics)]
pub(crate) struct Now {
    current_hour: RecentView,
    last24_hours: RecentView,
    /// By the template of the route.
    #[schema(value_type = BTreeMap<String, LatencyTold>)]
    response_time_metrics: BTreeMap<String, Latency>,
    /// Of a hundred calls of the last hour, how many failed.
    error_rate: f64,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    last_updated: Timestamp,
}

/// How the route is told of.
pub(crate) const REALTIME: Operation = Operation::new::<Now>(
    "getRealtimeAnalytics",
    "What happens now",
    "The hour that runs, the last 24 hours, and how long calls took within the last one. A call is counted within two seconds.",
)
.refusing(&[ProblemCode::FeatureNotInPlan]);

/// What happens now.
pub(crate) async fn realtime(call: Call<TenantCall, InMode>) -> Answer {
    let Call { app, who: TenantCall(who), input: InMode(mode), .. } = call;
    allowed(&app, &who)?;
    let Realtime { current_hour, last_24_hours, latencies, error_rate, now } =
        app.reports.realtime(realm(&who, mode)).await?;
    Ok(reply::ok(Now {
        current_hour: current_hour.into(),
        last24_hours: last_24_hours.into(),
        response_time_metrics: latencies,
        error_rate,
        last_updated: now,
    }))
}

/// Which failures are asked for.
pub(crate) struct Failed {
    mode: Mode,
    from: Timestamp,
    last: Timestamp,
    category: Option<Category>,
}

impl Input for Failed {
    fn tell(shape: &mut Shape) {
        shape
            .query::<DateOrTime>("startDate", "Where the range begins. Default: 29 days before its end.")
            .query::<DateOrTime>("endDate", "The last day or moment within. Default: now.")
            .query::<FailureCategory>("category", "Those of this category.")
            .query::<World>("mode", "Of which world. Default `live`.");
    }

    fn read(form: &mut Form<'_>, app: &App) -> Option<Self> {
        let category = form.parameter("category", |text| text.parse().map_err(|_| Flaw::InvalidChoice));
        let mode = mode(form);
        let (from, last) = ends(Range::read(form), app.deployment.now());
        if Span::Day.start(from).until(Span::Day.next(last)) > MOST[1] {
            form.note_parameter("startDate", Flaw::RangeTooLong);
        }
        Some(Self { mode, from, last, category })
    }
}

/// A call that failed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecentError)]
struct FailureView {
    #[schema(value_type = FailureCategory)]
    category: Category,
    code: String,
    endpoint: String,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    timestamp: Timestamp,
    #[schema(required)]
    request_id: Option<String>,
}

impl From<Failure> for FailureView {
    fn from(Failure { at, category, endpoint, code, request_id }: Failure) -> Self {
        Self { category, code, endpoint, timestamp: at, request_id }
    }
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ErrorAnalytics)]
pub(crate) struct Failures {
    total: u64,
    by_category: BTreeMap<&'static str, u64>,
    by_endpoint: BTreeMap<String, u64>,
    by_code: BTreeMap<String, u64>,
    /// The newest hundred at most.
    recent_errors: Vec<FailureView>,
}

/// How the route is told of.
pub(crate) const ERRORS: Operation = Operation::new::<Failures>(
    "getErrorAnalytics",
    "What went wrong",
    "Failed calls and mails by category, route and code. No address, code, key or token is among them.",
)
.refusing(&[ProblemCode::FeatureNotInPlan]);

/// What went wrong.
pub(crate) async fn errors(call: Call<TenantCall, Failed>) -> Answer {
    let Call { app, who: TenantCall(who), input: Failed { mode, from, last, category }, .. } = call;
    allowed(&app, &who)?;
    let FailureReport { failures, recent } = app.reports.failures(realm(&who, mode), from, last, category).await?;
    let mut told = Failures {
        total: 0,
        by_category: Category::ALL.into_iter().map(|category| (category.as_str(), 0)).collect(),
        by_endpoint: BTreeMap::new(),
        by_code: BTreeMap::new(),
        recent_errors: recent.into_iter().map(FailureView::from).collect(),
    };
    for failures in failures {
        told.total += failures.count;
        *told.by_category.entry(failures.category.as_str()).or_default() += failures.count;
        *told.by_endpoint.entry(failures.endpoint).or_default() += failures.count;
        *told.by_code.entry(failures.code).or_default() += failures.count;
    }
    Ok(reply::ok(told))
}
