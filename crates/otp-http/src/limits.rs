//! How limits stand, in headers: draft-ietf-httpapi-ratelimit-headers-10, and the older `X-RateLimit-*`.

use std::fmt::Write;

use http::{HeaderName, HeaderValue};
use otp_core::limit::Usage;
use otp_core::time::{Timestamp, ceil_seconds};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The headers that tell of `usage` as of `now`; none if nothing is limited. `X-RateLimit-*` speak of
/// the limit with least left, of several the one that takes longest to come back.
pub(crate) fn headers(usage: &[Usage], now: Timestamp) -> Vec<(HeaderName, HeaderValue)> {
    let tightest = usage.iter().min_by_key(|usage| (usage.remaining, std::cmp::Reverse(usage.resets_at)));
    let Some(tightest) = tightest else { return Vec::new() };
    let reset = |usage: &Usage| ceil_seconds(now.until(usage.resets_at));
    let (mut policy, mut state) = (String::new(), String::new());
    for (place, usage) in usage.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let rule = usage.rule.as_str();
        // Writing to a string cannot fail.
        let _ = write!(policy, "{comma}\"{rule}\";q={};w={}", usage.limit, usage.window.as_secs());
        let _ = write!(state, "{comma}\"{rule}\";r={};t={}", usage.remaining, reset(usage));
    }
    let text = |text: String| HeaderValue::try_from(text).ok();
    [(POLICY, text(policy)), (STATE, text(state))]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .chain([
            (LIMIT, tightest.limit.into()),
            (REMAINING, tightest.remaining.into()),
            (RESET, reset(tightest).into()),
        ])
        .collect()
}
