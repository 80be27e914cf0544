//! The end user behind a customer's server, as that server tells of him.

use std::net::IpAddr;

use otp_core::api_key::KeyKind;
use otp_core::caller::{Actor, Caller, ClientAddress};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::call::{Fields, KeyCall, MAX_USER_AGENT, at_most, plain};
use crate::contract::{Ip, UserAgentText, closed};
use crate::edge::RequestId;
use crate::problem::{FieldError, Flaw, Problem};

/// Longest name of a challenge that is looked at, in characters.
const MAX_CHALLENGE_ID: usize = 200;

/// Where the end user is and what he uses.
pub(super) struct Context {
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl PartialSchema for Context {
    fn schema() -> RefOr<Schema> {
        closed().property("ip", Ip::schema()).property("userAgent", UserAgentText::schema()).into()
    }
}

impl Context {
    /// The member `context`.
    pub(super) fn read(body: &mut Fields) -> Option<Self> {
        body.object("context", |context| Self {
            ip: context.optional("ip", |text| text.parse().map_err(|_| Flaw::InvalidIp)),
            user_agent: context.optional("userAgent", |text| plain(MAX_USER_AGENT, text).map(str::to_owned)),
        })
    }
}

/// A call as limits and audit trail see it: by the end user's own address, never by that of the customer's
/// server, which all its users share. A page calls from where its user is, and is not asked.
///
/// # Errors
/// `invalid_request` when a page tells of its user.
pub(super) fn caller(context: Option<Context>, who: &KeyCall, request_id: &RequestId) -> Result<Caller, Problem> {
    match (who.key.kind, context) {
        (KeyKind::Secret, context) => Ok(Caller {
            actor: Actor::Key(who.key.id),
            client: context.as_ref().and_then(|context| context.ip).map(ClientAddress::new),
            user_agent: context.and_then(|context| context.user_agent),
            request_id: Some(request_id.as_str().to_owned()),
        }),
        (KeyKind::Publishable | KeyKind::Operator, None) => Ok(who.caller(request_id)),
        (KeyKind::Publishable | KeyKind::Operator, Some(_)) => {
            Err(Problem::invalid(vec![FieldError::new("/context", Flaw::ContextNotAllowed)]))
        }
    }
}

/// The member `challengeId`, as text: one that names no challenge is no error of form.
pub(super) fn challenge_id(body: &mut Fields) -> Option<String> {
    body.optional("challengeId", |text| at_most(MAX_CHALLENGE_ID, text).map(str::to_owned))
}
