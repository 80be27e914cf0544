//! The users of a customer's live world: `/admin/users…`, where they are signed in, and what is held on them.

mod export;

pub use export::PersonExport;
pub(crate) use export::{ERASE, EXPORT, erase, export};

use otp_core::email::EmailAddress;
use otp_core::id::{SessionId, UserId};
use otp_core::port::UserCursor;
use otp_core::session::Session;
use otp_core::time::Timestamp;
use otp_core::users::Known;
use serde::Serialize;
use utoipa::ToSchema;

use super::{cursor, page};
use crate::app::App;
use crate::call::{Call, Form, Input, TenantCall};
use crate::contract::{self, Email, Operation, Shape};
use crate::problem::{Flaw, ProblemCode};
use crate::reply::{self, Answer, rfc_3339};

/// A user, as his customer sees him.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
struct UserView {
    #[schema(value_type = contract::UserId)]
    user_id: UserId,
    email: String,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    last_login_at: Timestamp,
}

impl From<Known> for UserView {
    fn from(Known { user, email }: Known) -> Self {
        Self {
            user_id: user.id,
            email: email.canonical().to_owned(),
            created_at: user.created_at,
            last_login_at: user.last_login_at,
        }
    }
}

/// Where a user is signed in, as his customer sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserSession)]
struct SessionView {
    #[schema(value_type = contract::SessionId)]
    session_id: SessionId,
    #[schema(value_type = contract::PurposeName)]
    purpose: String,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    last_used_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    expires_at: Timestamp,
}

/// How the route is told of.
pub(crate) const LIST: Operation =
    Operation::new::<Users>("listUsers", "The users of the account", "The newest first; or the one of an address.");

/// How the route is told of.
pub(crate) const GET: Operation =
    Operation::new::<One>("getUser", "One user", "When he came and when he signed in last.");

/// How the route is told of.
pub(crate) const SESSIONS: Operation =
    Operation::new::<Sessions>("listSessions", "Where a user is signed in", "His live sessions.");

/// How the route is told of.
pub(crate) const SIGN_OUT: Operation = Operation::new::<Done>(
    "endSessions",
    "Sign a user out everywhere",
    "His sessions are dead on every node before this answers.",
);

/// How the route is told of.
pub(crate) const SESSION: Operation =
    Operation::new::<OneSession>("getSession", "One session of a user", "As long as it lives.");

/// How the route is told of.
pub(crate) const END: Operation =
    Operation::new::<Done>("endSession", "End one session of a user", "It is dead on every node before this answers.");

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            session_id: session.id,
            purpose: session.purpose.as_str().to_owned(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.ends_at(),
        }
    }
}

/// Which users are asked for.
pub(crate) struct Page {
    email: Option<EmailAddress>,
    after: Option<UserCursor>,
    limit: usize,
}

impl Input for Page {
    fn tell(shape: &mut Shape) {
        shape.query::<Email>("email", "The one of this address.").pages();
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        // A `+` in a query reads as a space, and no address holds one.
        let address = |text: &str| EmailAddress::parse(&text.replace(' ', "+")).map_err(|_| Flaw::InvalidEmail);
        let email = form.parameter("email", address);
        let limit = page::limit(form);
        let after = form.parameter("cursor", |text| {
            let (created_at, id) = cursor::read(text).ok_or(Flaw::InvalidCursor)?;
            Ok(UserCursor { created_at, id: UserId::from_u128(id) })
        });
        Some(Self { email, after, limit })
    }
}

/// A page of users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Users {
    users: Vec<UserView>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A page of them, or the one of an address.
pub(crate) async fn list(call: Call<TenantCall, Page>) -> Answer {
    let Call { app, who: TenantCall(who), input: Page { email, after, limit }, .. } = call;
    let realm = who.world().realm();
    let mut users = match email {
        Some(email) => app.users.by_email(realm, &email).await?.into_iter().collect(),
        // One more than asked for tells whether there is a next page.
        None => app.users.page(realm, after, limit + 1).await?,
    };
    let end = |last: &Known| cursor::write(last.user.created_at, last.user.id.to_bytes());
    let next_cursor = page::cut(&mut users, limit, end);
    Ok(reply::ok(Users { users: users.into_iter().map(UserView::from).collect(), next_cursor }))
}

/// The user of a path. A text that is no id finds nobody, as any unknown id.
pub(crate) struct Who(Option<UserId>);

impl Input for Who {
    fn tell(_: &mut Shape) {}

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self(form.last_segment().parse().ok()))
    }
}

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = OneUser)]
pub(crate) struct One {
    user: UserView,
}

/// One of them.
pub(crate) async fn get(call: Call<TenantCall, Who>) -> Answer {
    let Call { app, who: TenantCall(who), input: Who(id), .. } = call;
    let known = app.users.by_id(who.world().realm(), id.ok_or(ProblemCode::NotFound)?).await?;
    Ok(reply::ok(One { user: known.into() }))
}

/// The user of a path that goes on to his sessions.
pub(crate) struct Whose(Option<UserId>);

impl Input for Whose {
    fn tell(_: &mut Shape) {}

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self(form.segment_from_end(1).parse().ok()))
    }
}

/// The live sessions of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = UserSessions)]
pub(crate) struct Sessions {
    sessions: Vec<SessionView>,
}

/// Where he is signed in.
pub(crate) async fn sessions(call: Call<TenantCall, Whose>) -> Answer {
    let Call { app, who: TenantCall(who), input: Whose(id), .. } = call;
    let sessions = app.users.sessions(who.world().realm(), id.ok_or(ProblemCode::NotFound)?).await?;
    Ok(reply::ok(Sessions { sessions: sessions.into_iter().map(SessionView::from).collect() }))
}

/// It is done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    message: &'static str,
}

/// Signs him out everywhere.
pub(crate) async fn sign_out(call: Call<TenantCall, Whose>) -> Answer {
    let Call { app, who: TenantCall(who), input: Whose(id), request_id, .. } = call;
    let id = id.ok_or(ProblemCode::NotFound)?;
    let ended = app.users.sign_out(who.world().realm(), id, &who.caller(&request_id)).await?;
    let message = if ended == 0 { "The user was signed in nowhere." } else { "The user is signed out everywhere." };
    Ok(reply::ok(Done { message }))
}

/// One session of the user of a path.
pub(crate) struct Which {
    user: Option<UserId>,
    session: Option<SessionId>,
}

impl Input for Which {
    fn tell(_: &mut Shape) {}

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self { user: form.segment_from_end(2).parse().ok(), session: form.last_segment().parse().ok() })
    }
}

impl Which {
    fn found(self) -> Result<(UserId, SessionId), ProblemCode> {
        self.user.zip(self.session).ok_or(ProblemCode::NotFound)
    }
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneSession {
    session: SessionView,
}

/// One of his sessions.
pub(crate) async fn session(call: Call<TenantCall, Which>) -> Answer {
    let Call { app, who: TenantCall(who), input, .. } = call;
    let (user, session) = input.found()?;
    let session = app.users.session(who.world().realm(), user, session).await?;
    Ok(reply::ok(OneSession { session: session.into() }))
}

/// Ends one of his sessions.
pub(crate) async fn end(call: Call<TenantCall, Which>) -> Answer {
    let Call { app, who: TenantCall(who), input, request_id, .. } = call;
    let (user, session) = input.found()?;
    app.users.end(who.world().realm(), user, session, &who.caller(&request_id)).await?;
    Ok(reply::ok(Done { message: "The session has ended." }))
}
