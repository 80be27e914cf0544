//! Analytics: what a tenant sees of its traffic.
//!
//! Changes are counted exactly, in the write that makes them. Calls, how long they took and what went wrong are counted in
//! memory and written [every second](crate::traffic).

mod metrics;
mod realtime;
mod reports;
mod span;

pub use metrics::Metrics;
pub use realtime::{Latency, Realtime, Recently};
pub use reports::{FailureReport, Overview, Reports};
pub use span::{MINUTES_KEPT, Span};
