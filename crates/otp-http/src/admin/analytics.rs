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

use super::range::{Range, TICK};
use crate::app::App;
use crate::call::{Call, Form, Input, KeyCall, TenantCall};
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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    otp_requests: u64,
    otp_verifications: u64,
    successful_logins: u64,
    failed_attempts: u64,
    emails_sent: u64,
    emails_failed: u64,
    api_calls: u64,
    /// Octets, now; of a span in the past nobody knows.
    storage_used: Option<u64>,
    success_rate: f64,
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    #[serde(serialize_with = "rfc_3339")]
    start_date: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    end_date: Timestamp,
    granularity: Span,
    mode: Mode,
}

#[derive(Serialize)]
struct Bucket {
    #[serde(serialize_with = "rfc_3339")]
    start: Timestamp,
    #[serde(flatten)]
    figures: Figures,
}

/// A range by its spans.
pub(crate) async fn overview(call: Call<TenantCall, Asked>) -> Answer {
    #[derive(Serialize)]
    struct Told {
        period: Period,
        metrics: Figures,
        breakdown: Vec<Bucket>,
    }
    let Call { app, who: TenantCall(who), input: Asked { span, mode, from, last }, .. } = call;
    allowed(&app, &who)?;
    let Overview { from, until, total, unique_users, octets, spans } =
        app.reports.overview(realm(&who, mode), span, from, last).await?;
    let bucket = |(start, metrics, users): (Timestamp, Metrics, u64)| Bucket {
        start,
        figures: Figures::of(&metrics, Some(users), None),
    };
    Ok(reply::ok(Told {
        period: Period { start_date: from, end_date: until.minus(TICK), granularity: span, mode },
        metrics: Figures::of(&total, unique_users, Some(octets)),
        breakdown: spans.into_iter().map(bucket).collect(),
    }))
}

/// Of which world is asked.
pub(crate) struct InMode(Mode);

impl Input for InMode {
    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self(mode(form)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
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

/// What happens now.
pub(crate) async fn realtime(call: Call<TenantCall, InMode>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Told {
        current_hour: RecentView,
        last24_hours: RecentView,
        response_time_metrics: BTreeMap<String, Latency>,
        error_rate: f64,
        #[serde(serialize_with = "rfc_3339")]
        last_updated: Timestamp,
    }
    let Call { app, who: TenantCall(who), input: InMode(mode), .. } = call;
    allowed(&app, &who)?;
    let Realtime { current_hour, last_24_hours, latencies, error_rate, now } =
        app.reports.realtime(realm(&who, mode)).await?;
    Ok(reply::ok(Told {
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureView {
    category: Category,
    code: String,
    endpoint: String,
    #[serde(serialize_with = "rfc_3339")]
    timestamp: Timestamp,
    request_id: Option<String>,
}

impl From<Failure> for FailureView {
    fn from(Failure { at, category, endpoint, code, request_id }: Failure) -> Self {
        Self { category, code, endpoint, timestamp: at, request_id }
    }
}

/// What went wrong.
pub(crate) async fn errors(call: Call<TenantCall, Failed>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Told {
        total: u64,
        by_category: BTreeMap<&'static str, u64>,
        by_endpoint: BTreeMap<String, u64>,
        by_code: BTreeMap<String, u64>,
        recent_errors: Vec<FailureView>,
    }
    let Call { app, who: TenantCall(who), input: Failed { mode, from, last, category }, .. } = call;
    allowed(&app, &who)?;
    let FailureReport { failures, recent } = app.reports.failures(realm(&who, mode), from, last, category).await?;
    let mut told = Told {
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
