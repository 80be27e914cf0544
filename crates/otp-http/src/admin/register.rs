//! `POST /admin/customers`

use otp_core::email::EmailAddress;
use otp_core::id::{KeyId, TenantId};
use otp_core::tenant::{self, InvalidName};
use otp_core::tenants::{NewTenant, Registered};
use serde::Serialize;
use utoipa::ToSchema;

use super::Customer;
use crate::app::App;
use crate::call::{Call, Form, Input, Once, Operator};
use crate::contract::{self, Email, Header, Name, Operation, Shape};
use crate::problem::Flaw;
use crate::problem::ProblemCode;
use crate::reply::{Answer, Reply};

pub(crate) struct Register(NewTenant);

impl Input for Register {
    fn tell(shape: &mut Shape) {
        shape
            .required::<Name>("name", "What it is called, in its mails too.")
            .required::<Email>("email", "Who owns the account.")
            .optional::<Name>("companyName", "The company behind it.")
            .optional::<Name>("plan", "One of the configured plans; unless the default.");
    }

    fn read(form: &mut Form<'_>, app: &App) -> Option<Self> {
        let body = &mut form.body;
        let name = body.required("name", plain_name);
        let owner = body.required("email", |text| EmailAddress::parse(text).map_err(|_| Flaw::InvalidEmail));
        let company_name = body.optional("companyName", plain_name);
        let plan = body.optional("plan", |text| known_plan(text, app));
        let plan = plan.unwrap_or_else(|| app.settings.default_plan.clone());
        Some(Self(NewTenant { name: name?, owner: owner?, company_name, plan }))
    }
}

pub(crate) fn plain_name(text: &str) -> Result<String, Flaw> {
    tenant::name(text).map_err(|invalid| match invalid {
        InvalidName::Empty => Flaw::Empty,
        InvalidName::TooLong => Flaw::TooLong,
        InvalidName::ControlCharacter => Flaw::ControlCharacter,
    })
}

pub(super) fn known_plan(text: &str, app: &App) -> Result<String, Flaw> {
    app.deployment.plans().get(text).map(|_| text.to_owned()).ok_or(Flaw::UnknownPlan)
}

/// A new customer and its first key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CustomerRegistered)]
pub(crate) struct Created {
    #[schema(value_type = contract::CustomerId)]
    customer_id: TenantId,
    /// The secret key; it is not shown again.
    api_key: String,
    #[schema(value_type = contract::KeyId)]
    key_id: KeyId,
    customer: Customer,
}

/// How the route is told of.
pub(crate) const REGISTER: Operation =
    Operation::new::<Created>("registerCustomer", "Register a customer", "Shows its first secret key, once.")
        .creating()
        .with(&[Header::Replayed])
        .refusing(&[ProblemCode::EmailTaken]);

/// Registers a customer; the only time his key is shown.
pub(crate) async fn register(call: Call<Operator, Once<Register>>) -> Answer {
    let (call, turn) = match call.first_time().await {
        Ok(first) => first,
        Err(answer) => return answer,
    };
    let Call { app, who, input: Register(new), request_id, .. } = call;
    let answer = |Registered { tenant, key }: &Registered| {
        Reply::created(Created {
            customer_id: tenant.id,
            api_key: key.key.expose().to_owned(),
            key_id: key.record.id,
            customer: Customer::of(tenant.clone(), &app),
        })
    };
    turn.take(answer, async |call| Ok(app.tenants.register(new, &who.caller(&request_id), call).await?)).await
}
