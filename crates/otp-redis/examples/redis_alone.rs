use std::sync::Arc;

use otp_core::port::Stores;
use otp_core::prelude::*;
use otp_email::Inbox;
use otp_memory::MemoryStore;
use otp_redis::RedisStore;

/// Signs somebody in with nothing but the Redis at `url`.
pub(crate) async fn sign_in(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let redis = Arc::new(RedisStore::connect(url, None).await?);
    let stores = Stores {
        challenges: redis.clone(),
        limits: redis.clone(),
        sessions: redis.clone(),
        users: redis.clone(),
        metering: redis.clone(),
        audit: redis.clone(),
        roots: redis,
        // The one thing that is not kept there: an application of its own has one tenant, and names it in each call.
        ..Stores::of(Arc::new(MemoryStore::default()))
    };
    let master = MasterKey::from_base64("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")?; // Yours comes from a secret.
    let deployment = Deployment::builder(master, stores).open().await?;

    let mailbox = Arc::new(Inbox::default()); // Or otp_email::Smtp.
    let sender = Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example")? };
    let relay = Relay::new(deployment.clone(), mailbox.clone(), sender);
    let otp = Otp::new(deployment.clone());
    let acme = Tenant::new(TenantId::from_u128(1), "Acme", "enterprise", deployment.now());

    let issued = otp.issue(&acme, "ada@example.org").await?;
    relay.run_once().await?; // Sends what waits; a service spawns `relay.run` once.
    let code = mailbox.list(None)[0].code.clone().ok_or("the mail has no code")?;
    let verified = otp.verify(&acme, &issued.id, &code).await?;
    println!("{} signed in as {}", verified.email().canonical(), verified.user_id());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    sign_in(&std::env::args().nth(1).ok_or("name a Redis: redis://127.0.0.1:6379")?).await
}
