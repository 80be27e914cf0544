//! Tokens that nobody has issued.

use otp_core::token::RefreshToken;

use crate::service::Service;
use crate::values::text;

/// Puts `data` in the place of as much of `genuine`, where its first octet says.
fn spliced(genuine: &str, data: &[u8]) -> Option<String> {
    let (place, put) = data.split_first()?;
    let place = usize::from(*place) * genuine.len() / 256;
    let rest = genuine.get(place + put.len()..).unwrap_or_default();
    Some([&genuine[..place], text(put)?, rest].concat())
}

/// No access token is accepted but the one that was issued, neither what is made up whole nor what differs from it in part.
pub(crate) fn access(data: &[u8]) {
    Service::with(|service| {
        let genuine = &service.tokens.access;
        let accepts = |token: &str| service.wait(service.sessions.authenticate(&service.tenant, token)).is_ok();
        assert!(accepts(genuine));
        for forged in text(data).map(str::to_owned).into_iter().chain(spliced(genuine, data)) {
            assert!(forged == *genuine || !accepts(&forged), "{forged} passes for {genuine}");
        }
    });
}

/// No refresh token is genuine unless it says the same as the one that was issued.
pub(crate) fn refresh(data: &[u8]) {
    Service::with(|service| {
        let genuine = &service.tokens.refresh;
        assert!(service.sessions.is_genuine(genuine));
        for forged in text(data).map(str::to_owned).into_iter().chain(spliced(&genuine.expose(), data)) {
            let Ok(forged) = RefreshToken::parse(&forged) else { continue };
            assert!(forged == *genuine || !service.sessions.is_genuine(&forged), "{} passes", forged.expose());
            RefreshToken::parse(&forged.expose()).expect("what is read can be written");
        }
    });
}
