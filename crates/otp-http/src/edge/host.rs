//! Which host a request names.

use axum::extract::Request;
use http::header::HOST;
use http::uri::Authority;

use crate::loopback::is_loopback as host_is_loopback;

/// Whether every host the request names (`Host`, and the authority of its target) is this machine.
pub(super) fn is_loopback(request: &Request) -> bool {
    let target = request.uri().authority().map(|authority| host_is_loopback(authority.host()));
    let headers = request
        .headers()
        .get_all(HOST)
        .iter()
        .map(|host| Authority::try_from(host.as_bytes()).is_ok_and(|authority| host_is_loopback(authority.host())));
    target.into_iter().chain(headers).all(|local| local)
}
