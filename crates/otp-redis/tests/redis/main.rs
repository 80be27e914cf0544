//! Limits, and everything else but tenants, on a real Redis: against the suite every adapter passes, against the domain's own arithmetic,
//! and in what becomes of them when the server does.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

mod arithmetic;
mod conformance;
mod example;
mod fixture;
mod keys;
mod oracle;
mod outages;
