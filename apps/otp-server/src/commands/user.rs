//! `otp-server user`: what is held on a person.

use otp_core::id::{TenantId, UserId};
use otp_core::port::Erased;
use otp_core::realm::{Mode, Realm};
use otp_core::users::{UserError, Users};
use otp_http::PersonExport;
use otp_wire::process::{Failure, SettingArgs};

use super::key::customer_id;
use super::{CLI, Session};
use crate::cli::{Person, UserCommand};
use crate::output;

/// Shows or erases it.
pub(crate) async fn run(settings: &SettingArgs, command: &UserCommand) -> Result<(), Failure> {
    let session = Session::open(settings).await?;
    let done = act(&session, command).await;
    session.close().await;
    done
}

async fn act(session: &Session, command: &UserCommand) -> Result<(), Failure> {
    let users = Users::new(session.deployment.clone());
    match command {
        UserCommand::Export { customer, user, test, json } => {
            let (realm, id) = find(&users, customer_id(customer)?, user, *test).await?;
            let held = users.export(realm, id, &CLI).await.map_err(failed)?;
            let held = PersonExport::from(held);
            let text = if *json { serde_json::to_string(&held) } else { serde_json::to_string_pretty(&held) };
            output::line(text.map_err(|error| Failure::Failed(error.to_string()))?)
        }
        UserCommand::Erase { customer, user, test, json } => {
            let (realm, id) = find(&users, customer_id(customer)?, user, *test).await?;
            let Erased { sessions, challenges, mails } = users.erase(realm, id, &CLI).await.map_err(failed)?;
            let shown = [
                ("userId", id.to_string().into()),
                ("sessions", sessions.into()),
                ("challenges", challenges.into()),
                ("mails", mails.into()),
            ];
            output::members(*json, &shown)
        }
    }
}

/// The user `named`.
async fn find(users: &Users, customer: TenantId, named: &Person, test: bool) -> Result<(Realm, UserId), Failure> {
    let realm = Realm { tenant: customer, mode: if test { Mode::Test } else { Mode::Live } };
    let email = match named {
        Person::Id(id) => return Ok((realm, *id)),
        Person::Address(email) => email,
    };
    let known = users.by_email(realm, email).await?;
    known.map(|known| (realm, known.user.id)).ok_or_else(|| failed(UserError::NotFound))
}

fn failed(error: UserError) -> Failure {
    match error {
        UserError::NotFound => Failure::NotFound("there is no such user of that customer".to_owned()),
        UserError::Fault(fault) => fault.into(),
    }
}
