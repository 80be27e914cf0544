//! `POST /auth/logout`

use http::header::SET_COOKIE;
use serde::Serialize;

use crate::app::App;
use crate::call::{Call, Form, Input, UserCall};
use crate::reply::{self, Answer};

pub(crate) struct Logout {
    everywhere: bool,
}

impl Input for Logout {
    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self { everywhere: form.body.flag("everywhere").unwrap_or(false) })
    }
}

pub(crate) async fn logout(call: Call<UserCall, Logout>) -> Answer {
    #[derive(Serialize)]
    struct LoggedOut {
        message: &'static str,
    }
    let Call { app, who, input: Logout { everywhere }, request_id, .. } = call;
    app.sessions.end(&who.live, everywhere, &who.caller(&request_id)).await?;
    let message = if everywhere { "Logged out everywhere." } else { "Logged out." };
    let mut response = reply::ok(LoggedOut { message });
    if let Some(resting) = &who.resting {
        response.headers_mut().insert(SET_COOKIE, resting.dropped(&app)?);
    }
    Ok(response)
}
