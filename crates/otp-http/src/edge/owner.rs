//! Whose call it is, once that is known: for what is counted of each customer's calls.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::response::Response;
use http::request::Parts;
use otp_core::deployment::Deployment;
use otp_core::id::TenantId;
use otp_core::realm::Realm;
use otp_core::traffic::{CallMade, Wrong};

use super::RequestId;
use crate::problem::Problem;

/// The world of the customer whose credential came with the call.
#[derive(Clone, Default)]
pub(crate) struct Owner(Arc<OnceLock<Realm>>);

impl Owner {
    /// That of a request on its way.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// Notes whose it is. The first one it is told of is the one who counts.
    pub(crate) fn is(&self, realm: Realm) {
        if realm.tenant != TenantId::SERVICE {
            self.0.get_or_init(|| realm);
        }
    }

    /// Counts the call, and what was wrong with it. What came by no customer's credential is nobody's.
    pub(super) fn count(
        &self,
        deployment: &Deployment,
        route: &str,
        took: Duration,
        answer: &Response,
        id: &RequestId,
    ) {
        let Some(realm) = self.0.get() else { return };
        let code = answer.extensions().get::<Problem>().map(Problem::code);
        let wrong = code.map(|code| Wrong { category: code.category(), code: code.as_str() });
        let (at, request_id) = (deployment.now(), id.as_str());
        deployment.meter().call(CallMade { realm: *realm, at, route, took, wrong, request_id });
    }
}
