//! A call: everything that is checked before a handler runs, in the order callers may rely on.

mod body;
mod capability;
mod credentials;
mod fields;
mod form;
mod json;

pub(crate) use capability::{Capability, Operator, Refreshing, TenantCall, UserCall};
pub(crate) use fields::{Fields, at_most, plain};
pub(crate) use form::{Form, Input, Nothing};

use axum::extract::{FromRequest, Request};
use bytes::Bytes;

use crate::app::App;
use crate::edge::RequestId;
use crate::problem::Problem;
use capability::Proven;
use credentials::Credentials;

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
        let body = body::read(body).await?; // size, 413
        let mut proven = Proven::by(W::BY, &Credentials::of(&parts.headers), app).await?; // credential, 401
        proven.refuse_browsers(&parts.headers)?; // origin, 403
        proven.refuse_unserved(W::BY, &body, app).await?; // customer status, 403
        let who = W::admit(proven)?; // scope, 403
        body::refuse_other_media(&parts.headers, &body)?; // media type, 415
        let input = Form::read(&parts, &body, app)?; // body and query, 400
        let request_id = RequestId::of(&parts);
        Ok(Self { app: app.clone(), who, input, request_id, body })
    }
}
