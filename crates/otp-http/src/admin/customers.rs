//! `GET /admin/customers`, `GET /admin/customers/{id}`, `GET /admin/customers/me`

use otp_core::id::TenantId;
use otp_core::port::{Age, TenantCursor, TenantFilter};
use otp_core::tenant::TenantStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Customer, cursor, page};
use crate::app::App;
use crate::call::{Call, Form, Input, Nothing, Operator, TenantCall, plain};
use crate::contract::{CustomerStatus, Operation, SearchText, Shape};
use crate::problem::{Flaw, ProblemCode};
use crate::reply::{self, Answer};

/// Longest text to search for, in characters.
const MAX_TEXT: usize = 254;

/// A customer.
#[derive(Serialize, ToSchema)]
#[schema(as = OneCustomer)]
pub(crate) struct One {
    customer: Customer,
}

/// How the route is told of.
pub(crate) const ME: Operation = Operation::new::<One>(
    "getOwnCustomer",
    "The account of the key",
    "What the customer is, and what its plan includes.",
);

/// How the route is told of.
pub(crate) const GET: Operation =
    Operation::new::<One>("getCustomer", "One customer", "What the customer is, and what its plan includes.");

/// How the route is told of.
pub(crate) const LIST: Operation = Operation::new::<Customers>("listCustomers", "All customers", "The newest first.");

/// The caller's own.
pub(crate) async fn me(call: Call<TenantCall, Nothing>) -> Answer {
    Ok(reply::ok(One { customer: Customer::of(call.who.0.tenant, &call.app) }))
}

/// The customer named in the path, `behind` segments before its end. A text that is no id is no error of form: it
/// finds nothing, as any unknown id.
pub(super) fn customer(form: &Form<'_>, behind: usize) -> Option<TenantId> {
    form.segment_from_end(behind).parse().ok().filter(|id| *id != TenantId::SERVICE)
}

/// Which customer is asked for.
pub(crate) struct Which(Option<TenantId>);

impl Input for Which {
    fn tell(_: &mut Shape) {}

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self(customer(form, 0)))
    }
}

/// The one of an id.
pub(crate) async fn get(call: Call<Operator, Which>) -> Answer {
    let Which(id) = call.input;
    let id = id.ok_or(ProblemCode::NotFound)?;
    let tenant = call.app.tenants.get(id, Age::Fresh).await?.ok_or(ProblemCode::NotFound)?;
    Ok(reply::ok(One { customer: Customer::of(tenant, &call.app) }))
}

pub(crate) struct Page {
    filter: TenantFilter,
    after: Option<TenantCursor>,
    limit: usize,
}

impl Input for Page {
    fn tell(shape: &mut Shape) {
        shape
            .query::<CustomerStatus>("status", "Those of this status.")
            .query::<SearchText>("plan", "Those on this plan.")
            .query::<SearchText>("q", "Those with this in a name or an address.")
            .pages();
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let text = |text: &str| plain(MAX_TEXT, text).map(str::to_owned);
        let filter = TenantFilter {
            status: form.parameter("status", status),
            plan: form.parameter("plan", text),
            text: form.parameter("q", text),
        };
        let limit = page::limit(form);
        let after = form.parameter("cursor", |text| {
            let (created_at, id) = cursor::read(text).ok_or(Flaw::InvalidCursor)?;
            Ok(TenantCursor { created_at, id: TenantId::from_u128(id) })
        });
        Some(Self { filter, after, limit })
    }
}

pub(super) fn status(text: &str) -> Result<TenantStatus, Flaw> {
    let all = [TenantStatus::Active, TenantStatus::Suspended, TenantStatus::Cancelled];
    all.into_iter().find(|status| status.as_str() == text).ok_or(Flaw::InvalidStatus)
}

/// A page of customers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customers {
    customers: Vec<Customer>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A page of all.
pub(crate) async fn list(call: Call<Operator, Page>) -> Answer {
    let Call { app, input: Page { filter, after, limit }, .. } = call;
    // One more than asked for tells whether there is a next page.
    let mut tenants = app.tenants.list(&filter, after, limit + 1).await?;
    let next_cursor = page::cut(&mut tenants, limit, |last| cursor::write(last.created_at, last.id.to_bytes()));
    let customers = tenants.into_iter().map(|tenant| Customer::of(tenant, &app)).collect();
    Ok(reply::ok(Customers { customers, next_cursor }))
}
