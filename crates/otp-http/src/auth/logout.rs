//! `POST /auth/logout`

use http::header::SET_COOKIE;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::call::{Call, Form, Input, UserCall};
use crate::contract::{Header, Operation, Shape};
use crate::reply::{self, Answer};

pub(crate) struct Logout {
    everywhere: bool,
}

impl Input for Logout {
    fn tell(shape: &mut Shape) {
        shape.optional::<bool>("everywhere", "End every session of the user.").unforged();
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self { everywhere: form.body.flag("everywhere").unwrap_or(false) })
    }
}

/// A session has ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedOut {
    message: &'static str,
}

/// How the route is told of.
pub(crate) const LOGOUT: Operation =
    Operation::new::<LoggedOut>("logout", "Sign out", "The session is dead on every node before this answers.")
        .with(&[Header::SetCookie]);

pub(crate) async fn logout(call: Call<UserCall, Logout>) -> Answer {
    let Call { app, who, input: Logout { everywhere }, request_id, .. } = call;
    app.sessions.end(&who.live, everywhere, &who.caller(&request_id)).await?;
    let message = if everywhere { "Logged out everywhere." } else { "Logged out." };
    let mut response = reply::ok(LoggedOut { message });
    if let Some(resting) = &who.resting {
        response.headers_mut().insert(SET_COOKIE, resting.dropped(&app)?);
    }
    Ok(response)
}
