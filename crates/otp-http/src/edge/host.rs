//! Which host a request names.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::Request;
use http::header::HOST;
use http::uri::Authority;

/// Whether every host the request names (`Host`, and the authority of its target) is this machine.
pub(super) fn is_loopback(request: &Request) -> bool {
    let target = request.uri().authority().map(|authority| is_local(authority.host()));
    let headers = request
        .headers()
        .get_all(HOST)
        .iter()
        .map(|host| Authority::try_from(host.as_bytes()).is_ok_and(|authority| is_local(authority.host())));
    target.into_iter().chain(headers).all(|local| local)
}

fn is_local(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    match literal.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback(),
        Ok(IpAddr::V6(ip)) => ip == Ipv6Addr::LOCALHOST,
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}
