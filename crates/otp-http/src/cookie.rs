//! The cookie that holds a session for pages of a customer in cookie mode (RFC 6265bis).
//!
//! Its value is the session's refresh token, which no script of the page gets to see.

use std::time::Duration;

use http::header::COOKIE;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Uri};
use otp_core::config::SameSite;
use otp_core::realm::{Mode, Realm};
use otp_core::tenant::Tenant;
use otp_core::token::RefreshToken;

use crate::loopback::is_loopback;
use crate::problem::{Problem, ProblemCode};

/// What the name of every such cookie holds before the customer.
const OTP: &str = "otp_";
/// What follows the customer in test mode: a page that tries out a test key must not end a live session.
const TEST: &str = "_test";

/// How tokens are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handover {
    /// As members of the answer.
    InBody,
    /// In a cookie for these sites, with a CSRF token in the answer.
    InCookie(SameSite),
}

impl Handover {
    /// Of tokens of `tenant`, to a page or to anything else.
    pub(crate) fn of(tenant: &Tenant, to_page: bool) -> Self {
        let session = &tenant.settings().session;
        if to_page && session.cookie() { Self::InCookie(session.same_site()) } else { Self::InBody }
    }
}

/// How cookies are named and guarded, which depends on how callers reach the service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookies {
    /// Whether browsers are to send them over https only, and to take them from this very host only. Not where a developer
    /// has neither.
    guarded: bool,
}

/// A cookie as a call brings it: nothing is proven by it.
pub(crate) struct SentCookie {
    /// The world its name says it is of.
    pub(crate) realm: Realm,
    /// What it holds, if that has the form of a refresh token of that world.
    pub(crate) token: Option<RefreshToken>,
}

impl Cookies {
    /// Under `public_url`. One of http that is not this machine's own is not what browsers call, or would show their cookies
    /// to everybody on the way.
    pub(crate) fn under(public_url: &str) -> Self {
        let plain = public_url.parse::<Uri>().ok().filter(|url| url.scheme() == Some(&Scheme::HTTP));
        Self { guarded: !plain.is_some_and(|url| url.host().is_some_and(is_loopback)) }
    }

    /// The cookie of `world` among those sent; of any, if none is asked for and there is only one.
    pub(crate) fn sent(self, headers: &HeaderMap, world: Option<Realm>) -> Option<SentCookie> {
        // One by one: what others put into theirs need not be text.
        let pairs = headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|octet| *octet == b';'));
        let pairs = pairs.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='));
        let mut ours = pairs.filter_map(|(name, value)| Some((self.realm_of(name)?, value)));
        let (realm, mut value) = ours.find(|(realm, _)| world.is_none_or(|world| world == *realm))?;
        for (other, later) in ours {
            if other == realm {
                // Under one name twice, if its attributes have changed meanwhile: the older one comes first.
                value = later;
            } else if world.is_none() {
                return None;
            }
        }
        Some(SentCookie { realm, token: RefreshToken::parse(value).ok().filter(|token| token.realm() == realm) })
    }

    /// Has a browser keep `token` for as long as it lives.
    ///
    /// # Errors
    /// Never: every octet of it is visible.
    pub(crate) fn keep(
        self,
        token: &RefreshToken,
        same_site: SameSite,
        lives: Duration,
    ) -> Result<HeaderValue, Problem> {
        self.write(token.realm(), &token.expose(), same_site, lives)
    }

    /// Has a browser drop the cookie of `realm`. One that is partitioned goes only if it is said to be so again.
    ///
    /// # Errors
    /// Never: every octet of it is visible.
    pub(crate) fn drop(self, realm: Realm, same_site: SameSite) -> Result<HeaderValue, Problem> {
        self.write(realm, "", same_site, Duration::ZERO)
    }

    fn write(self, realm: Realm, value: &str, same_site: SameSite, lives: Duration) -> Result<HeaderValue, Problem> {
        let site = match same_site {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None; Partitioned",
        };
        // Browsers take no cookie for other sites that is not secure, and on loopback they take a secure one over http.
        let secure = if self.guarded || same_site == SameSite::None { "Secure; " } else { "" };
        let (name, age) = (self.name(realm), lives.as_secs());
        let text = format!("{name}={value}; Path=/; {secure}HttpOnly; SameSite={site}; Max-Age={age}");
        HeaderValue::try_from(text).map_err(|_| ProblemCode::Internal.into())
    }

    fn name(self, realm: Realm) -> String {
        let mode = match realm.mode {
            Mode::Live => "",
            Mode::Test => TEST,
        };
        format!("{}{OTP}{}{mode}", self.prefix(), realm.tenant)
    }

    /// The world that the cookie of this name is of, if it is one of ours.
    fn realm_of(self, name: &str) -> Option<Realm> {
        let world = name.strip_prefix(self.prefix())?.strip_prefix(OTP)?;
        let (tenant, mode) = match world.strip_suffix(TEST) {
            Some(tenant) => (tenant, Mode::Test),
            None => (world, Mode::Live),
        };
        Some(Realm { tenant: tenant.parse().ok()?, mode })
    }

    /// What has browsers refuse a cookie that another host of the domain has set, and which takes https.
    const fn prefix(self) -> &'static str {
        if self.guarded { "__Host-" } else { "" }
    }
}
