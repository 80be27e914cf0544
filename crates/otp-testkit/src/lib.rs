//! Conformance suite, oracle and fakes for adapters of `otp-core`.
//!
//! # To test an adapter
//! Each numbered line of a storage port's `# Contract` names the case that shows it; the cases are
//! [`mod@conformance`]. In a test file of the adapter's crate, say how to make a store nobody else uses,
//! and let [`conformance!`] make a test of every case:
//!
//! ```
//! # mod my_adapter {
//! #     use std::{io, path::Path};
//! #     pub async fn open(_: &Path) -> io::Result<otp_core::port::Stores> { Err(io::ErrorKind::Unsupported.into()) }
//! # }
//! # struct Folder;
//! # impl Folder {
//! #     fn fresh() -> Self { Self }
//! #     fn path(&self) -> &std::path::Path { "".as_ref() }
//! # }
//! use otp_core::port::Stores;
//!
//! /// A store in a folder of its own, which lives as long as the case.
//! async fn fresh() -> (Stores, Folder) {
//!     let folder = Folder::fresh();
//!     let stores = my_adapter::open(folder.path()).await.expect("a fresh store opens");
//!     (stores, folder)
//! }
//!
//! otp_testkit::conformance!(fresh);
//! # fn main() {}
//! ```
//!
//! An adapter that keeps only some of the ports puts `otp-memory` behind the rest of [`Stores`].
//! One whose server may be missing answers an `Option`, and tells the reader when it is `None`: see
//! [`Fixture`](conformance::Fixture).
//!
//! Then let the [`oracle`] look for what no case thought of. It compares with `otp-memory`:
//!
//! ```no_run
//! # async fn fresh() -> Option<otp_core::port::Stores> { None }
//! # mod otp_memory {
//! #     pub fn stores() -> Option<otp_core::port::Stores> { None }
//! # }
//! #[test]
//! fn answers_as_the_reference_does() {
//!     otp_testkit::oracle::agree(256, async || otp_memory::stores(), fresh);
//! }
//! ```
//!
//! # To test with
//! [`FrozenClock`], [`SeededEntropy`] and [`RecordingMailer`] stand in for the world; [`samples`] makes
//! the values the ports speak of.
//!
//! # To add a case
//! Name it in the port's contract, add it to the list in `conformance/cases.rs` and write it in its
//! port's module: a test holds contract and list together. Then break the reference adapter in the way
//! the case is about, and see the case fail.
//!
//! [`Stores`]: otp_core::port::Stores

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
