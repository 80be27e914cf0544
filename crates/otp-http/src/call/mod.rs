//! A call: everything that is checked before a handler runs, in the order callers may rely on.

mod body;
mod capability;
mod credentials;
mod fields;
mod form;
mod json;
mod once;
mod proven;
mod session;

pub(crate) use body::read as read_body;
pub(crate) use capability::{
    Anybody, AppCall, Capability, Credential, KeyCall, Operator, Refreshing, ServerCall, TenantCall, UserCall,
};
pub(crate) use fields::{Fields, at_most, plain};
pub(crate) use form::{Form, IfMatch, Input, Nothing, accepted_locale};
pub(crate) use once::Once;
pub(crate) use proven::MAX_USER_AGENT;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use otp_core::tenants::Refusal;
use proven::Proven;

use crate::app::App;
use crate::edge::RequestId;
use crate::problem::{Problem, ProblemCode};

/// A call that has passed every check that needs no object: `who` may make it, and `input` is whole.
pub(crate) struct Call<W, I> {
    /// The service.
    pub(crate) app: App,
    /// On whose authority; what a handler holds of it proves what was checked.
    pub(crate) who: W,
    /// What is asked.
    pub(crate) input: I,
    /// Names the call.
    pub(crate) request_id: RequestId,
    /// The raw body.
    pub(crate) body: Bytes,
}

impl<W: Capability, I: Input> FromRequest<App> for Call<W, I> {
    type Rejection = Problem;

    /// The order of checks; the first that fails answers. Path (404) and method (405) were checked by
    /// the router; idempotency, object, state and limits follow in the handler, in the domain.
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = body::read(&parts.headers, body, I::MAX_BODY).await?; // size, 413
        let proven = Proven::by(W::BY, &parts, &body, app).await?; // credential, 401
        if let Err(refused) = proven.refuse_foreign(&parts.method, &parts.headers) {
            // origin, 403
            if refused.code() == ProblemCode::OriginNotAllowed {
                proven.tell(Refusal::Origin, &parts, app).await;
            }
            return Err(refused);
        }
        proven.refuse_forged(&parts.method, &parts.headers)?; // CSRF, 403
        proven.refuse_unserved()?; // customer status, 403
        if let Err(refused) = proven.refuse_address() {
            // client address, 403
            proven.tell(Refusal::Address, &parts, app).await;
            return Err(refused);
        }
        let rests_on_cookie = proven.rests_on_cookie();
        let who = W::admit(proven)?; // scope, 403
        body::refuse_other_media(&parts.headers, &body)?; // media type, 415
        let input = Form::read(&parts, &body, rests_on_cookie, app)?; // body and query, 400
        let request_id = RequestId::of(&parts);
        Ok(Self { app: app.clone(), who, input, request_id, body })
    }
}
