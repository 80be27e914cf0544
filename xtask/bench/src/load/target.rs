//! A server under load, and what is asked of it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;
use otp_core::id::{ChallengeId, TenantId};
use serde::Deserialize;

use super::Figures;
use crate::codes::Codes;
use crate::http::Connection;

/// Who asks: a customer of the service.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    id: TenantId,
    /// The header of its key.
    credentials: String,
}

impl Customer {
    /// The customer `id` with the key `key`.
    pub(crate) fn new(id: TenantId, key: &str) -> Self {
        Self { id, credentials: format!("x-otp-api-key: {key}\r\n") }
    }

    /// The header of its key.
    pub(crate) fn credentials(&self) -> &str {
        &self.credentials
    }

    /// Which it is.
    pub(crate) const fn id(&self) -> TenantId {
        self.id
    }
}

/// A server under load.
#[derive(Debug)]
pub(crate) struct Target {
    server: SocketAddr,
    /// On whose behalf, in turn.
    customers: Vec<Customer>,
    /// The codes it mails. The bare server mails none and asks for none.
    codes: Option<Codes>,
    /// Addresses used so far.
    used: AtomicU64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    challenge_id: &'a str,
}

#[derive(Deserialize)]
struct SignedIn<'a> {
    token: &'a str,
}

impl Target {
    /// The service at `server`.
    pub(crate) const fn service(server: SocketAddr, customers: Vec<Customer>, codes: Codes) -> Self {
        Self { server, customers, codes: Some(codes), used: AtomicU64::new(0) }
    }

    /// A bare server at `server`.
    pub(crate) fn bare(server: SocketAddr) -> Self {
        let customers = vec![Customer { id: TenantId::SERVICE, credentials: String::new() }];
        Self { server, customers, codes: None, used: AtomicU64::new(0) }
    }

    /// Where it listens.
    pub(super) const fn server(&self) -> SocketAddr {
        self.server
    }

    /// One cycle: asks for a code for an address nobody has used, and presents it. Answers the access
    /// token, unless it failed.
    pub(super) async fn sign_in(&self, connection: &mut Connection, figures: &mut Figures) -> Result<Option<String>> {
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        let customer = &self.customers[(number % self.customers.len() as u64) as usize];
        let email = format!("user-{number}@bench.example");

        let begun = Instant::now();
        let body = format!("{{\"email\":\"{email}\"}}");
        let answer = connection.post("/auth/request-otp", &customer.credentials, &body).await?;
        let took = begun.elapsed();
        if answer.status != 200 {
            figures.fail(answer.status, answer.body);
            return Ok(None);
        }
        figures.request.add(took);
        let id: ChallengeId = serde_json::from_slice::<Asked<'_>>(answer.body)?.challenge_id.parse()?;
        let code = self.codes.as_ref().map(|codes| codes.code(customer.id, id, &email)).transpose()?;
        let code = code.as_ref().map_or("000000000", |code| code.expose());

        let begun = Instant::now();
        let body = format!("{{\"challengeId\":\"{id}\",\"otp\":\"{code}\"}}");
        let answer = connection.post("/auth/verify-otp", &customer.credentials, &body).await?;
        let took = begun.elapsed();
        if answer.status != 200 {
            figures.fail(answer.status, answer.body);
            return Ok(None);
        }
        figures.verify.add(took);
        figures.rounds += 1;
        Ok(Some(serde_json::from_slice::<SignedIn<'_>>(answer.body)?.token.to_owned()))
    }

    /// Asks who the bearer of `token` is.
    pub(super) async fn me(&self, connection: &mut Connection, token: &str, figures: &mut Figures) -> Result<()> {
        let begun = Instant::now();
        let answer = connection.get("/auth/me", &format!("authorization: Bearer {token}\r\n")).await?;
        let took = begun.elapsed();
        if answer.status == 200 {
            figures.me.add(took);
            figures.rounds += 1;
        } else {
            figures.fail(answer.status, answer.body);
        }
        Ok(())
    }
}
