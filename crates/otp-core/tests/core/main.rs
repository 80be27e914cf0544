//! The use cases over the reference adapter, under a clock that moves only when told to.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod apart;
mod attempts;
mod caching;
mod codes;
mod faults;
mod quotas;
mod relaying;
mod rotation;
mod scene;
mod tenancy;
mod tokens;
mod traffic;
