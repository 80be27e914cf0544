//! From where a request comes, proxies seen through.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, Request};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use metrics::counter;
use otp_core::caller::ClientAddress;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address a request comes from, as the edge has found it.
#[derive(Clone, Copy)]
pub(crate) struct Client(pub(super) Option<IpAddr>);

impl Client {
    /// That of a request on its way.
    pub(crate) fn of(parts: &Parts) -> Option<ClientAddress> {
        parts.extensions.get::<Self>()?.0.map(ClientAddress::new)
    }
}

/// The proxies whose word is taken.
pub(crate) struct Proxies {
    trusted: Vec<IpNet>,
    warned: AtomicBool,
}

impl Proxies {
    /// Takes the word of those in `trusted` and of nobody else.
    pub(crate) fn trusting(trusted: Vec<IpNet>) -> Self {
        counter!("otp_forwarded_untrusted_total").increment(0);
        Self { trusted, warned: AtomicBool::new(false) }
    }

    /// The address `request` comes from: the peer's, or what a trusted peer forwards; nothing where the peer is unknown.
    pub(super) fn client(&self, request: &Request) -> Option<IpAddr> {
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let peer = peer.ip().to_canonical();
        if self.trusts(peer) {
            return Some(self.forwarded(peer, request.headers()));
        }
        if is_private(peer) && request.headers().contains_key(FORWARDED_FOR) {
            self.overhear(peer);
        }
        Some(peer)
    }

    /// A private peer, who looks like a proxy, forwards what is not believed.
    fn overhear(&self, peer: IpAddr) {
        // What `otp-server doctor` asks for.
        counter!("otp_forwarded_untrusted_total").increment(1);
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "X-Forwarded-For from a private peer that is not trusted: all clients look like this one; if it is your proxy, name it in trusted_proxies"
            );
        }
    }

    /// The right-most untrusted hop. Left of it stands whatever a client wrote himself.
    fn forwarded(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let hops = headers.get_all(FORWARDED_FOR).iter().rev();
        let hops = hops.flat_map(|value| value.to_str().unwrap_or("?").rsplit(',').map(address));
        let mut nearest = peer;
        for hop in hops {
            // What cannot be read was not written by a proxy one trusts: what stands left of it proves nothing.
            let Some(hop) = hop else { break };
            nearest = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        nearest
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&ip))
    }
}

/// One hop: an address, with a port or without.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip())).map(|ip: IpAddr| ip.to_canonical())
}

/// Whether the address is of the same machine or a network nobody routes.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
