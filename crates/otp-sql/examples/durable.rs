use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use otp_core::port::Bell;
use otp_core::prelude::*;
use otp_core::relay::{Pace, Signal};
use otp_core::upkeep::Upkeep;
use otp_email::Inbox;
use otp_sql::SqlStore;
use tokio::sync::{Mutex, Notify};
use tokio::time::{Interval, interval, sleep};

/// Wakes the relay at once for mail of this process, and every second for what fell due or another has queued.
struct Paced {
    work: Notify,
    stop: Notify,
    seconds: Mutex<Interval>,
}

impl Bell for Paced {
    fn ring(&self) {
        self.work.notify_one();
    }
}

#[async_trait]
impl Pace for Paced {
    async fn next(&self) -> Signal {
        tokio::select! {
            biased;
            () = self.stop.notified() => Signal::Stop,
            () = self.work.notified() => Signal::Work,
            _ = async { self.seconds.lock().await.tick().await } => Signal::Work,
        }
    }
}

/// Signs somebody in on the database at `url`, and leaves it in good order.
pub(crate) async fn sign_in(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let store = Arc::new(match url.strip_prefix("sqlite://") {
        Some(path) => SqlStore::sqlite(path).await?,
        None => SqlStore::postgres(url, None).await?,
    });
    store.migrate().await?;
    let pace = Arc::new(Paced {
        work: Notify::new(),
        stop: Notify::new(),
        seconds: Mutex::new(interval(Duration::from_secs(1))),
    });
    let master = MasterKey::from_base64("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")?; // Yours comes from a secret.
    let deployment = Deployment::builder(master, Stores::of(store.clone())).bell(pace.clone()).open().await?;

    // Beside requests: mail, audit trails and sums, what was counted, rows that no longer matter.
    let mailbox = Arc::new(Inbox::default()); // Or otp_email::Smtp.
    let sender = Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example")? };
    let relay = Relay::new(deployment.clone(), mailbox.clone(), sender);
    let relaying = tokio::spawn({
        let pace = pace.clone();
        async move { relay.run(&*pace).await }
    });
    let (upkeep, beside, swept) = (Upkeep::new(deployment.clone()), deployment.clone(), store.clone());
    let keeping = tokio::spawn(async move {
        for second in 0_u64.. {
            // What fails now is done the next time.
            let _ = (upkeep.seal().await, beside.write_traffic().await);
            if second % 60 == 0 {
                let _ = (upkeep.tidy().await, swept.sweep(beside.now()).await);
            }
            sleep(Duration::from_secs(1)).await;
        }
    });

    let otp = Otp::new(deployment.clone());
    let acme = Tenant::new(TenantId::from_u128(1), "Acme", "enterprise", deployment.now());
    let issued = otp.issue(&acme, "ada@example.org").await?;
    let mail = mailbox.wait(None, Duration::from_secs(20)).await;
    let code = mail.first().and_then(|mail| mail.code.clone()).ok_or("no code came")?;
    let verified = otp.verify(&acme, &issued.id, &code).await?;
    println!("{} signed in as {}", verified.email().canonical(), verified.user_id());

    // At the end: no new mail, what was counted, and everything handed in is on disk.
    pace.stop.notify_one();
    relaying.await?;
    keeping.abort();
    deployment.write_traffic().await?;
    store.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    sign_in(&std::env::args().nth(1).ok_or("name a database: sqlite://PATH or postgres://…")?).await
}
