//! Real servers for tests, on loopback: each test starts what it needs and drops it at its end.
//!
//! ```no_run
//! # use otp_testbed::service::{Home, code};
//! # use otp_testkit::smtp_sink::SmtpSink;
//! # async fn example() -> std::io::Result<()> {
//! let sink = SmtpSink::start().await?;
//! let home = Home::serving(&sink.url());
//! let server = home.serve();
//! let (_, key) = home.customer("free");
//! let asked = server.ask(&key, "ada@example.org").await;
//! let code = code(&sink, "ada@example.org").await;
//! assert_eq!(server.verify(&key, &asked["challengeId"], &code).await.0, 200);
//! # Ok(())
//! # }
//! ```

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

pub mod service;
