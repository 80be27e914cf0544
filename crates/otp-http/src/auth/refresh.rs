//! `POST /auth/refresh`

use http::header::SET_COOKIE;

use super::tokens::Handed;
use super::tokens::TokenMembers;
use crate::app::App;
use crate::call::{Call, Form, Input, Refreshing};
use crate::contract::{AnyText, Header, Operation, Shape};
use crate::edge::RequestId;
use crate::problem::{Flaw, ProblemCode};
use crate::reply::Answer;

/// Exactly one credential is in the body, or none where there is a cookie. Which, the capability holds.
pub(crate) struct OneCredential;

impl Input for OneCredential {
    fn tell(shape: &mut Shape) {
        shape
            .optional::<AnyText>("refreshToken", "The newest refresh token.")
            .optional::<AnyText>("token", "A live token, in its place.")
            .unforged();
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        if form.body.has("refreshToken") == form.body.has("token") && !form.rests_on_cookie {
            form.body.note_whole(Flaw::OnlyOne);
        }
        let any = |_: &str| Ok(());
        form.body.optional("refreshToken", any);
        form.body.optional("token", any);
        Some(Self)
    }
}

/// How the route is told of.
pub(crate) const REFRESH: Operation = Operation::new::<TokenMembers>(
    "refreshSession",
    "Get fresh tokens",
    "By `refreshToken`, by a live `token`, or, with an empty body, by the session's cookie. The tokens issued before end at \
     once. A refresh token that comes again within ten seconds is answered alike; later, it ends the session.",
)
.with(&[Header::SetCookie])
.refusing(&[ProblemCode::RefreshReused]);

pub(crate) async fn refresh(call: Call<Refreshing, OneCredential>) -> Answer {
    let Call { app, who, request_id, .. } = call;
    let answer = fresh_tokens(&app, &who, &request_id).await;
    match (answer, &who.resting) {
        // A cookie that will never be good again is taken out of the browser, so that its page asks for a new sign-in.
        (Err(problem), Some(resting))
            if matches!(problem.code(), ProblemCode::InvalidToken | ProblemCode::RefreshReused) =>
        {
            Err(problem.with_header(SET_COOKIE, resting.dropped(&app)?))
        }
        (answer, _) => answer,
    }
}

async fn fresh_tokens(app: &App, who: &Refreshing, request_id: &RequestId) -> Answer {
    let refreshed = who.refreshed.as_ref().ok_or(ProblemCode::InvalidToken)?;
    let world = refreshed.world();
    let tokens = app.sessions.refresh(world, &refreshed.credential, &who.caller(request_id)).await?;
    Ok(Handed::over(app, tokens, who.handover(world.tenant))?.answer(|tokens| tokens))
}
