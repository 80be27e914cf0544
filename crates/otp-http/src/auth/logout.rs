//! `POST /auth/logout`

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
    app.sessions.end(&who.authenticated, everywhere, &who.caller(&request_id)).await?;
    let message = if everywhere { "Logged out everywhere." } else { "Logged out." };
    Ok(reply::ok(LoggedOut { message }))
}
