//! Conformance suite, oracle and fakes for adapters of `otp-core`.

mod answered;
mod clock;
pub mod conformance;
mod entropy;
mod mailer;
pub mod oracle;
pub mod samples;

pub use clock::FrozenClock;
pub use entropy::SeededEntropy;
pub use mailer::RecordingMailer;
