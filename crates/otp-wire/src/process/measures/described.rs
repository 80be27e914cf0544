//! Every measure of the service, described: `cargo xtask tidy` fails on one that is counted anywhere, or named in an
//! alert or on the dashboard, and does not stand here.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What kind of measure it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// How many were how large.
    Histogram,
}

/// One measure.
#[derive(Debug)]
pub(super) struct Measure {
    /// Its name.
    pub(super) name: &'static str,
    /// What kind it is.
    pub(super) kind: Kind,
    /// What it is counted in.
    pub(super) unit: Unit,
    /// What it says.
    pub(super) help: &'static str,
}

/// All of them. None has a label by which a customer or a user could be told.
pub(super) const MEASURES: [Measure; 12] = [
    Measure {
        name: "http_server_request_duration_seconds",
        kind: Kind::Histogram,
        unit: Unit::Seconds,
        help: "How long calls took, by method, route and status code",
    },
    Measure {
        name: "http_server_active_requests",
        kind: Kind::Gauge,
        unit: Unit::Count,
        help: "Calls being answered, by method",
    },
    Measure {
        name: "otp_forwarded_untrusted_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Calls with X-Forwarded-For from a private peer that is not among the trusted proxies",
    },
    Measure {
        name: "otp_requests_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Requests for a code, by what became of them",
    },
    Measure {
        name: "otp_verifications_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Codes presented, by what became of them",
    },
    Measure {
        name: "otp_limits_refused_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Refusals by a limit on haste, by rule",
    },
    Measure {
        name: "otp_quotas_refused_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Refusals by what a plan holds, by rule",
    },
    Measure {
        name: "otp_mails_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Tries to send a mail, by provider and what became of them",
    },
    Measure {
        name: "otp_mails_given_up_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Mails that are not tried again: their recipient cannot get mail, or nobody took them in time",
    },
    Measure {
        name: "otp_mails_muted_total",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Mails not sent because strangers had sent their recipient too many",
    },
    Measure {
        name: "otp_outbox_waiting",
        kind: Kind::Gauge,
        unit: Unit::Count,
        help: "Mails not settled yet, of all nodes together; NaN while the database does not say",
    },
    Measure {
        name: "otp_outbox_oldest_seconds",
        kind: Kind::Gauge,
        unit: Unit::Seconds,
        help: "How long the mail that is due longest is overdue, of all nodes together; NaN while the database does not say",
    },
];

/// Tells the recorder that is set what each measure says.
pub(super) fn describe() {
    for Measure { name, kind, unit, help } in MEASURES {
        match kind {
            Kind::Counter => describe_counter!(name, unit, help),
            Kind::Gauge => describe_gauge!(name, unit, help),
            Kind::Histogram => describe_histogram!(name, unit, help),
        }
    }
}
