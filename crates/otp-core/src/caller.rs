//! Who makes a call, as the audit trail and the limits per client see it.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::id::{KeyId, SessionId};

/// On whose authority a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// Whoever holds this API key.
    Key(KeyId),
    /// Whoever holds a token of this session.
    Session(SessionId),
    /// The service's own relay, or a caller of the library who named nobody.
    System,
    /// Somebody without credentials, by what is open to everybody.
    Anybody,
    /// The command line on the service's own machine.
    Cli,
}

impl Actor {
    /// His id; of one who has none, his type.
    pub fn name(self) -> String {
        match self {
            Self::Key(id) => id.to_string(),
            Self::Session(id) => id.to_string(),
            Self::System => "system".to_owned(),
            Self::Anybody => "anybody".to_owned(),
            Self::Cli => "cli".to_owned(),
        }
    }
}

/// The circumstances of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// On whose authority.
    pub actor: Actor,
    /// The end user's own address, where it is known: limits per client count by it.
    pub client: Option<ClientAddress>,
    /// The end user's software, as it names itself.
    pub user_agent: Option<String>,
    /// The request this is part of.
    pub request_id: Option<String>,
}

impl Caller {
    /// A caller of whom nothing but the authority is known.
    pub const fn of(actor: Actor) -> Self {
        Self { actor, client: None, user_agent: None, request_id: None }
    }
}

/// A network address, IPv4 in IPv6 unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address itself, `::ffff:192.0.2.1` as `192.0.2.1`.
    pub fn new(ip: IpAddr) -> Self {
        Self(ip.to_canonical())
    }

    /// The whole address.
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// Whether it is in one of `networks`.
    pub fn is_in(self, networks: &[IpNet]) -> bool {
        networks.iter().any(|network| network.contains(&self.0))
    }

    /// What limits count by: an IPv4 address, or the /64 an IPv6 subscriber has to himself.
    pub fn subscriber(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(ip: &str) -> String {
        ClientAddress::new(ip.parse().unwrap()).subscriber().to_string()
    }

    #[test]
    fn one_subscriber_one_address() {
        assert_eq!(subscriber("192.0.2.7"), "192.0.2.7");
        assert_eq!(subscriber("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(subscriber("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
