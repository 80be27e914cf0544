//! `POST /auth/refresh`

use super::tokens::TokenMembers;
use crate::app::App;
use crate::call::{Call, Form, Input, Refreshing};
use crate::problem::{Flaw, ProblemCode};
use crate::reply::{self, Answer};

/// Exactly one credential is in the body. Which, the capability holds.
pub(crate) struct OneCredential;

impl Input for OneCredential {
    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        if form.body.has("refreshToken") == form.body.has("token") {
            form.body.note_whole(Flaw::OnlyOne);
        }
        let any = |_: &str| Ok(());
        form.body.optional("refreshToken", any);
        form.body.optional("token", any);
        Some(Self)
    }
}

pub(crate) async fn refresh(call: Call<Refreshing, OneCredential>) -> Answer {
    let Call { app, who, request_id, .. } = call;
    let caller = who.caller(&request_id);
    let refreshed = who.refreshed.ok_or(ProblemCode::InvalidToken)?;
    let tokens = app.sessions.refresh(refreshed.world(), &refreshed.credential, &caller).await?;
    Ok(reply::ok(TokenMembers::from(tokens)))
}
