//! The bare limit: a server that does the fewest durable writes a cycle needs, and nothing else. One write
//! for the request, one and a signature for the verification; the driver is the service's own.

mod group;
mod memory;
mod postgres;
mod sqlite;
mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::ValueEnum;
use otp_core::id::ChallengeId;
use otp_core::system::SystemEntropy;
use serde::{Deserialize, Serialize};

use token::Signer;

/// What a bare server keeps its rows in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keeping {
    /// A map.
    Memory,
    /// SQLite, durable, whoever waits committed together.
    Sqlite,
    /// SQLite, durable, a transaction for each request.
    SqliteSingle,
    /// Postgres, durable, a transaction for each request.
    Postgres,
    /// As `Postgres`, and a count in Redis for each request for a code.
    PostgresRedis,
}

/// Where the rows are.
#[async_trait]
trait Rows: Send + Sync {
    /// Adds an open row.
    async fn insert(&self, id: &str, email: &str) -> Result<()>;
    /// Closes an open row; answers whether there was one.
    async fn close(&self, id: &str) -> Result<bool>;
    /// The address in a row.
    async fn email(&self, id: &str) -> Result<Option<String>>;
}

struct Bare {
    rows: Box<dyn Rows>,
    signer: Signer,
    entropy: SystemEntropy,
}

/// Serves at `listen`, keeping rows in `database`, counting in `kv`, until it is killed.
pub(crate) async fn serve(keeping: Keeping, listen: SocketAddr, database: &str, kv: &str) -> Result<()> {
    let rows: Box<dyn Rows> = match keeping {
        Keeping::Memory => Box::new(memory::Map::default()),
        Keeping::Sqlite => Box::new(sqlite::File::grouped(database).await?),
        Keeping::SqliteSingle => Box::new(sqlite::File::single(database).await?),
        Keeping::Postgres => Box::new(postgres::Server::open(database).await?),
        Keeping::PostgresRedis => Box::new(postgres::Counted::open(database, kv).await?),
    };
    let bare = Arc::new(Bare { rows, signer: Signer::default(), entropy: SystemEntropy::default() });
    let router = Router::new()
        .route("/health/ready", get(async || Json(())))
        .route("/auth/request-otp", post(request))
        .route("/auth/verify-otp", post(verify))
        .route("/auth/me", get(me))
        .with_state(bare);
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| _ = stream.set_nodelay(true)), router).await?;
    Ok(())
}

/// Any trouble is an answer that the load counts as a failure.
struct Trouble(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl axum::response::IntoResponse for Trouble {
    fn into_response(self) -> axum::response::Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

type Answer<T> = Result<Json<T>, Trouble>;

#[derive(Deserialize)]
struct Ask {
    email: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    challenge_id: String,
}

async fn request(State(bare): State<Arc<Bare>>, Json(ask): Json<Ask>) -> Answer<Asked> {
    let challenge_id = ChallengeId::generate(&bare.entropy)?.to_string();
    bare.rows.insert(&challenge_id, &ask.email).await?;
    Ok(Json(Asked { challenge_id }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Present {
    challenge_id: String,
}

#[derive(Serialize)]
struct SignedIn {
    token: String,
}

async fn verify(State(bare): State<Arc<Bare>>, Json(present): Json<Present>) -> Answer<SignedIn> {
    if !bare.rows.close(&present.challenge_id).await? {
        return Err(anyhow::anyhow!("no such row is open").into());
    }
    Ok(Json(SignedIn { token: bare.signer.sign(&present.challenge_id)? }))
}

#[derive(Serialize)]
struct Me {
    email: String,
}

async fn me(State(bare): State<Arc<Bare>>, headers: HeaderMap) -> Answer<Me> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let id = token.and_then(|token| bare.signer.check(token));
    let id = id.ok_or_else(|| anyhow::anyhow!("no token of ours"))?;
    let email = bare.rows.email(&id).await?.ok_or_else(|| anyhow::anyhow!("nobody"))?;
    Ok(Json(Me { email }))
}
