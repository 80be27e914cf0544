//! Calls that may be repeated under an `Idempotency-Key`: made once, answered alike.

use axum::response::{IntoResponse, Response};
use otp_core::calls::{Calls, Repeatable, Seen};
use otp_core::id::KeyId;
use otp_core::otp::IdempotencyKey;
use otp_core::port::CallLease;
use otp_core::realm::Realm;

use super::{Call, Form, Input, Operator, TenantCall};
use crate::app::App;
use crate::contract::Shape;
use crate::problem::{self, Problem, ProblemCode};
use crate::reply::{self, Answer, Reply};

/// An input that may come again under the same key. There is no way to it but through [`Call::first_time`].
pub(crate) struct Once<I> {
    input: I,
    key: Option<String>,
    path: String,
}

impl<I: Input> Input for Once<I> {
    const MAX_BODY: usize = I::MAX_BODY;

    fn tell(shape: &mut Shape) {
        I::tell(shape);
        shape.repeatable(&[ProblemCode::IdempotencyInFlight, ProblemCode::IdempotencyMismatch]);
    }

    fn read(form: &mut Form<'_>, app: &App) -> Option<Self> {
        let key = form.idempotency_key();
        let path = form.path().to_owned();
        I::read(form, app).map(|input| Self { input, key, path })
    }
}

/// Whoever calls by a key, under which his calls are told from others'.
pub(crate) trait Keyed {
    /// Whose key it is, and which.
    fn key(&self) -> (Realm, KeyId);
}

impl Keyed for TenantCall {
    fn key(&self) -> (Realm, KeyId) {
        (self.0.world().realm(), self.0.key.id)
    }
}

impl Keyed for Operator {
    fn key(&self) -> (Realm, KeyId) {
        (Realm::SERVICE, self.key_id())
    }
}

/// The turn of one call, which nobody else makes meanwhile.
pub(crate) struct Turn {
    calls: Calls,
    lease: Option<CallLease>,
}

impl<W: Keyed, I> Call<W, Once<I>> {
    /// The call itself, if it is made for the first time or not to be remembered; else what it was answered.
    ///
    /// # Errors
    /// The answer: the same as before, `idempotency_in_flight`, `idempotency_mismatch`.
    pub(crate) async fn first_time(self) -> Result<(Call<W, I>, Turn), Answer> {
        let Self { app, who, input: Once { input, key, path }, request_id, body } = self;
        let calls = Calls::new(app.deployment.clone());
        let mut lease = None;
        if let Some(key) = key {
            let (realm, id) = who.key();
            let call = IdempotencyKey::new(&id.to_string(), "POST", &path, &key, &body);
            lease = match calls.begin(realm, call).await.map_err(|fault| Err(fault.into()))? {
                Seen::Never(lease) => Some(lease),
                Seen::InFlight => return Err(Err(ProblemCode::IdempotencyInFlight.into())),
                Seen::Mismatch => return Err(Err(ProblemCode::IdempotencyMismatch.into())),
                Seen::Answered(answer) => return Err(again(&answer)),
            };
        }
        Ok((Call { app, who, input, request_id, body }, Turn { calls, lease }))
    }
}

/// What a call was answered before.
fn again(answer: &[u8]) -> Answer {
    let reply = Reply::remembered(answer).ok_or(ProblemCode::Internal)?;
    let mut response = reply.into_response();
    reply::mark_replayed(&mut response);
    Ok(response)
}

impl Turn {
    /// Makes the call by `make`, which is given how to remember its outcome, and answers as `answer` does. Of a call that
    /// comes to nothing nothing is remembered: it may be made again at once.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) async fn take<T>(
        self,
        answer: impl Fn(&T) -> Reply + Send + Sync,
        make: impl AsyncFnOnce(Option<&Repeatable<'_, T>>) -> Result<T, Problem>,
    ) -> Answer {
        let Self { calls, lease } = self;
        let remembered = |outcome: &T| answer(outcome).to_remember();
        let call = lease.map(|lease| Repeatable { lease, answer: &remembered, repeated: IdempotencyKey::REMEMBERED });
        let made = make(call.as_ref()).await;
        if let (Err(_), Some(lease)) = (&made, lease)
            && let Err(fault) = calls.give_back(lease).await
        {
            problem::log(&fault);
        }
        made.map(|outcome| -> Response { answer(&outcome).into_response() })
    }
}
