use std::sync::Arc;

use otp_core::prelude::*;
use otp_email::Inbox;
use otp_memory::MemoryStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let master = MasterKey::generate(&SystemEntropy::default())?; // Keep it: codes and tokens depend on it.
    let stores = Stores::of(Arc::new(MemoryStore::default()));
    let deployment = Deployment::builder(master, stores).open().await?;

    let mailbox = Arc::new(Inbox::default()); // Or otp_email::Smtp.
    let sender = Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example")? };
    let relay = Relay::new(deployment.clone(), mailbox.clone(), sender);
    let otp = Otp::new(deployment.clone());
    let acme = Tenant::new(TenantId::from_u128(1), "Acme", "enterprise", deployment.now());

    let issued = otp.issue(&acme, "ada@example.org").await?;
    relay.run_once().await?; // Sends what waits; a service spawns `relay.run` once.
    let code = mailbox.list(None)[0].code.clone().ok_or("the mail has no code")?;
    let verified = otp.verify(&acme, &issued.id, &code).await?; // The only `Ok` is a right code.
    println!("{} signed in as {}", verified.email().canonical(), verified.user_id());
    Ok(())
}
