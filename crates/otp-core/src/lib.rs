//! Sign-in by email one-time code: the domain, and the ports it needs.
//!
//! A user asks for a code, gets it by mail, presents it, and is signed in. This crate decides
//! everything about that and touches nothing: storage, mail, time and randomness are
//! [ports](port), which adapters such as `otp-memory`, `otp-sql` and `otp-email` implement.
//!
//! # Example
//!
#![doc = concat!("```\n", include_str!("../examples/embed.rs"), "```")]
//!
//! # What holds
//!
//! - A code is derived, never stored: no database, queue, log or backup holds one ([`code`]).
//! - A verdict on a code leaves [`Otp::check`](otp::Otp::check) only with the write that has spent
//!   the attempt, so however many attempts race, no more than allowed are answered, and one right code wins once.
//! - Every change is one atomic write that carries its [effects](effect): the mail to send, what to count, what to audit.
//! - A [`Fault`](fault::Fault) means no mail and no verification.
//!
//! # Where things are
//!
//! Use cases: [`otp`], [`sessions`], [`signup`], [`tenants`], [`calls`], [`users`], [`analytics`], [`audit`], [`onboarding`], [`relay`], [`upkeep`], [`rotation`], over one [`deployment`]. What they decide
//! with: [`challenge`], [`limit`], [`session`], [`token`], [`api_key`], [`email`], [`plan`], [`config`]. What they ask for: [`port`].
//!
//! # Adding a port
//!
//! 1. A trait in `src/port/`: verbs that name an intent, each atomic; outcomes as values; `# Contract`
//!    in numbered lines, each naming its conformance case; no default methods.
//! 2. The reference adapter in `otp-memory`, and the cases in `otp-testkit`: they fail until it is right.
//! 3. The other adapters, until the same cases pass.
//! 4. A field in [`Stores`](port::Stores), if it stores.

#![deny(missing_docs)]

pub mod analytics;
pub mod api_key;
pub mod audit;
mod base62;
pub mod caller;
pub mod calls;
pub mod challenge;
pub mod code;
pub mod config;
pub mod deployment;
pub mod effect;
pub mod email;
pub mod fault;
pub mod id;
pub mod keys;
pub mod limit;
pub mod locale;
pub mod mail;
pub mod onboarding;
pub mod otp;
pub mod plan;
pub mod port;
pub mod prelude;
pub mod realm;
pub mod relay;
pub mod rotation;
pub mod session;
pub mod sessions;
pub mod signup;
pub mod system;
pub mod tally;
pub mod tenant;
pub mod tenants;
pub mod time;
pub mod token;
pub mod traffic;
pub mod upkeep;
pub mod user;
pub mod users;
