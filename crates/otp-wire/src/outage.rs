//! Something that is tried again and again, and whose outages are told of once each: several lines a second say no more.

use otp_core::fault::Res;

/// Whether the last try failed.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    lasts: bool,
}

impl Outage {
    /// Notes what became of a try. If it is the first that failed, says so with `what` follows from it.
    pub(crate) fn note<T>(&mut self, tried: Res<T>, what: &str) {
        let lasted = std::mem::replace(&mut self.lasts, tried.is_err());
        if let (Err(fault), false) = (tried, lasted) {
            tracing::warn!(%fault, "{what}");
        }
    }
}
