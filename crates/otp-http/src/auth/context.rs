//! The end user behind a customer's server, as that server tells of him.

use std::net::IpAddr;

use otp_core::caller::{Actor, Caller, ClientAddress};

use crate::call::{Fields, TenantCall, at_most, plain};
use crate::edge::RequestId;
use crate::problem::Flaw;

/// Longest name of a user's software, in characters.
const MAX_USER_AGENT: usize = 512;
/// Longest name of a challenge that is looked at, in characters.
const MAX_CHALLENGE_ID: usize = 200;

/// Where the end user is and what he uses.
#[derive(Default)]
pub(super) struct Context {
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Context {
    /// The member `context`.
    pub(super) fn read(body: &mut Fields) -> Self {
        let context = body.object("context", |context| Self {
            ip: context.optional("ip", |text| text.parse().map_err(|_| Flaw::InvalidIp)),
            user_agent: context.optional("userAgent", |text| plain(MAX_USER_AGENT, text).map(str::to_owned)),
        });
        context.unwrap_or_default()
    }

    /// The call as limits and audit trail see it: by the end user's own address, never by that of the
    /// customer's server, which all its users share.
    pub(super) fn caller(self, who: &TenantCall, request_id: &RequestId) -> Caller {
        Caller {
            actor: Actor::Key(who.key.id),
            client: self.ip.map(ClientAddress::new),
            user_agent: self.user_agent,
            request_id: Some(request_id.as_str().to_owned()),
        }
    }
}

/// The member `challengeId`, as text: one that names no challenge is no error of form.
pub(super) fn challenge_id(body: &mut Fields) -> Option<String> {
    body.optional("challengeId", |text| at_most(MAX_CHALLENGE_ID, text).map(str::to_owned))
}
