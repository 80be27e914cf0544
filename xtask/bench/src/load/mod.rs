//! The load: connections that do one thing after the other, each as fast as it is answered.

mod figures;
mod target;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::http::Connection;
pub(crate) use figures::Figures;
pub(crate) use target::{Customer, Target};

/// What a connection does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Asks for a code for a fresh address, and presents it.
    SignIn,
    /// Signs in once, and then asks who it is.
    Me,
}

/// Has `connections` do `work` for `span`; answers what came of it.
pub(crate) async fn run(target: &Arc<Target>, work: Work, connections: usize, span: Duration) -> Result<Figures> {
    let mut opened = Vec::with_capacity(connections);
    for _ in 0..connections {
        opened.push(Connection::open(target.server()).await?);
    }
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in opened {
        tasks.spawn(one(target.clone(), connection, work, begun + span));
    }
    let mut figures = Figures::default();
    while let Some(done) = tasks.join_next().await {
        figures.add(&done??);
    }
    figures.lasted(begun.elapsed());
    Ok(figures)
}

async fn one(target: Arc<Target>, mut connection: Connection, work: Work, end: Instant) -> Result<Figures> {
    let mut figures = Figures::default();
    match work {
        Work::SignIn => {
            while Instant::now() < end {
                target.sign_in(&mut connection, &mut figures).await?;
            }
        }
        Work::Me => {
            let mut before = Figures::default();
            let token = target.sign_in(&mut connection, &mut before).await?.unwrap_or_default();
            while Instant::now() < end {
                target.me(&mut connection, &token, &mut figures).await?;
            }
        }
    }
    Ok(figures)
}
