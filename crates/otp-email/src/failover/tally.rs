//! What became of each try, counted by provider. Goes to the recorder that the process has set for the crate
//! `metrics`, and nowhere if it has set none.

use metrics::{Counter, counter};
use otp_core::port::Delivery;

/// What may become of one.
const OUTCOMES: [&str; 5] = ["sent", "throttled", "transient", "bad_recipient", "rejected_config"];

/// Begins the counts of `provider` at nought: the first failure is to be seen as a rise.
pub(super) fn begin(provider: &str) {
    for outcome in OUTCOMES {
        tries(provider, outcome).increment(0);
    }
}

/// `provider` was asked. Who is left alone for a while is not.
pub(super) fn tried(provider: &str, delivery: &Delivery) {
    tries(provider, outcome(delivery)).increment(1);
}

fn tries(provider: &str, outcome: &'static str) -> Counter {
    counter!("otp_mails_total", "provider" => provider.to_owned(), "outcome" => outcome)
}

const fn outcome(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Sent => "sent",
        Delivery::Throttled(_) => "throttled",
        Delivery::Transient => "transient",
        Delivery::BadRecipient => "bad_recipient",
        Delivery::RejectedConfig => "rejected_config",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_begins_at_nought() {
        let deliveries = [
            Delivery::Sent,
            Delivery::Throttled(None),
            Delivery::Transient,
            Delivery::BadRecipient,
            Delivery::RejectedConfig,
        ];
        assert_eq!(deliveries.map(|delivery| outcome(&delivery)), OUTCOMES);
    }
}
