//! `GET` and `DELETE` of what is held on a person.

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use otp_core::challenge::Challenge;
use otp_core::id::ChallengeId;
use otp_core::port::Erased;
use otp_core::time::Timestamp;
use otp_core::users::Held;
use serde::Serialize;
use utoipa::ToSchema;

use super::{SessionView, UserView, Who, Whose};
use crate::admin::audit::Event;
use crate::call::{Call, TenantCall};
use crate::contract::{self, Header, Operation};
use crate::problem::ProblemCode;
use crate::reply::{self, Answer, rfc_3339};

/// Everything held on a person, as a document: what `GET /admin/users/{id}/export` answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonExport {
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    exported_at: Timestamp,
    user: UserView,
    sessions: Vec<SessionView>,
    challenges: Vec<ChallengeView>,
    audit_events: Vec<Event>,
}

/// A code on its way to him. Which code it is is held nowhere.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LiveChallenge)]
struct ChallengeView {
    #[schema(value_type = contract::ChallengeId)]
    challenge_id: ChallengeId,
    #[schema(value_type = contract::PurposeName)]
    purpose: String,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    expires_at: Timestamp,
}

impl From<Challenge> for ChallengeView {
    fn from(challenge: Challenge) -> Self {
        Self {
            challenge_id: challenge.id,
            purpose: challenge.purpose.as_str().to_owned(),
            created_at: challenge.created_at,
            expires_at: challenge.expires_at,
        }
    }
}

impl fmt::Debug for PersonExport {
    /// Without content: it holds an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonExport").finish_non_exhaustive()
    }
}

impl From<Held> for PersonExport {
    fn from(Held { known, sessions, challenges, trail, at }: Held) -> Self {
        Self {
            exported_at: at,
            user: known.into(),
            sessions: sessions.into_iter().map(SessionView::from).collect(),
            challenges: challenges.into_iter().map(ChallengeView::from).collect(),
            audit_events: trail.into_iter().map(Event::from).collect(),
        }
    }
}

/// All of it, as a file.
pub(crate) async fn export(call: Call<TenantCall, Whose>) -> Answer {
    let Call { app, who: TenantCall(who), input: Whose(id), request_id, .. } = call;
    let id = id.ok_or(ProblemCode::NotFound)?;
    let held = app.users.export(who.world().realm(), id, &who.caller(&request_id)).await?;
    let body = serde_json::to_vec_pretty(&PersonExport::from(held)).map_err(|_| ProblemCode::Internal)?;
    let name =
        HeaderValue::try_from(format!("attachment; filename=\"{id}.json\"")).map_err(|_| ProblemCode::Internal)?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(CONTENT_TYPE, json), (CONTENT_DISPOSITION, name)], body).into_response())
}

/// That he is erased.
#[derive(Serialize, ToSchema)]
#[schema(as = UserErased)]
pub(crate) struct Told {
    message: &'static str,
    deleted: Deleted,
}

/// How much was held on him.
#[derive(Serialize, ToSchema)]
struct Deleted {
    users: u64,
    sessions: u64,
    challenges: u64,
    mails: u64,
}

/// How the route is told of.
pub(crate) const EXPORT: Operation =
    Operation::new::<PersonExport>("exportUser", "All that is held on a user", "As a file to hand out.")
        .bare()
        .with(&[Header::Attachment]);

/// How the route is told of.
pub(crate) const ERASE: Operation = Operation::new::<Told>(
    "eraseUser",
    "Erase a user",
    "With his sessions, codes on their way to him, and mails that wait. Audit entries that speak of him hold a keyed hash.",
);

/// Erases him.
pub(crate) async fn erase(call: Call<TenantCall, Who>) -> Answer {
    let Call { app, who: TenantCall(who), input: Who(id), request_id, .. } = call;
    let id = id.ok_or(ProblemCode::NotFound)?;
    let Erased { sessions, challenges, mails } =
        app.users.erase(who.world().realm(), id, &who.caller(&request_id)).await?;
    let told = Told {
        message: "The user is erased. Backups keep him until they are overwritten.",
        deleted: Deleted { users: 1, sessions, challenges, mails },
    };
    let response: Response = reply::ok(told);
    Ok(response)
}
