//! How limits stand, in headers: draft-ietf-httpapi-ratelimit-headers-10, and the older `X-RateLimit-*` and
//! `X-Quota-*`.

use std::cmp::Reverse;
use std::fmt::Write;

use http::{HeaderName, HeaderValue};
use otp_core::limit::Usage;
use otp_core::time::{Timestamp, ceil_seconds};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// The names under which the tightest of several limits is told.
struct Tightest {
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
}

const RATE: Tightest = Tightest {
    limit: HeaderName::from_static("x-ratelimit-limit"),
    remaining: HeaderName::from_static("x-ratelimit-remaining"),
    reset: HeaderName::from_static("x-ratelimit-reset"),
};
const QUOTA: Tightest = Tightest {
    limit: HeaderName::from_static("x-quota-limit"),
    remaining: HeaderName::from_static("x-quota-remaining"),
    reset: HeaderName::from_static("x-quota-reset"),
};

/// The headers that tell of `usage` as of `now`; none if nothing is limited. `X-RateLimit-*` speak of the
/// rates, `X-Quota-*` of the quotas.
pub(crate) fn headers(usage: &[Usage], now: Timestamp) -> Vec<(HeaderName, HeaderValue)> {
    let (mut policy, mut state) = (String::new(), String::new());
    for usage in usage {
        let comma = if policy.is_empty() { "" } else { ", " };
        let rule = usage.rule.as_str();
        let window = usage.window.length(now).as_secs();
        // Writing to a string cannot fail.
        let _ = write!(policy, "{comma}\"{rule}\";q={};w={window}", usage.limit);
        let _ = write!(state, "{comma}\"{rule}\";r={};t={}", usage.remaining(), reset(usage, now));
    }
    let lists = [(POLICY, policy), (STATE, state)].into_iter().filter(|(_, text)| !text.is_empty());
    let lists = lists.filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?)));
    let of = |quotas| usage.iter().filter(move |usage| usage.rule.is_quota() == quotas);
    lists.chain(RATE.headers(of(false), now)).chain(QUOTA.headers(of(true), now)).collect()
}

impl Tightest {
    /// What tells of the one of `usage` with least left, of several the one that takes longest to come back.
    fn headers<'a>(
        self,
        usage: impl Iterator<Item = &'a Usage>,
        now: Timestamp,
    ) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let tightest = usage.min_by_key(|usage| (usage.remaining(), Reverse(usage.resets_at)));
        let headers = tightest.map(|usage| {
            let Self { limit, remaining, reset: resets } = self;
            [(limit, usage.limit.into()), (remaining, usage.remaining().into()), (resets, reset(usage, now).into())]
        });
        headers.into_iter().flatten()
    }
}

/// In how many seconds the next unit comes back; one begun is counted whole.
fn reset(usage: &Usage, now: Timestamp) -> u64 {
    ceil_seconds(now.until(usage.resets_at))
}
