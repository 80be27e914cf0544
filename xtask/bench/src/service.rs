//! The service itself, set up as an operator would and started on its core.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use anyhow::{Result, bail};
use otp_testbed::port::free_port;
use serde::Deserialize;

use crate::codes::{Codes, secret_key};
use crate::load::{Customer, Target};
use crate::process::{Process, pinned};
use crate::stores::Place;

/// A running server.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its process.
    pub(crate) process: Process,
    /// What load is sent to.
    pub(crate) target: Arc<Target>,
}

/// The service's configuration for one database.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    address: SocketAddr,
    environment: Vec<(&'static str, String)>,
    database: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    customer_id: String,
    api_key: String,
}

impl Setup {
    /// On `place`, mailing to `mailbox`.
    pub(crate) fn new(place: &Place, mailbox: &str) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let environment = vec![
            ("OTP_LISTEN", address.to_string()),
            // Measuring is part of what is measured; nobody asks for it, so any port will do.
            ("OTP_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
            ("OTP_PUBLIC_URL", "https://bench.example".to_owned()),
            ("OTP_DATABASE_URL", place.database.clone()),
            ("OTP_KV_URL", place.kv.clone().unwrap_or_default()),
            ("OTP_SECRET_KEY", secret_key()),
            ("OTP_EMAIL_URL", mailbox.to_owned()),
            ("OTP_EMAIL_FROM", "no-reply@bench.example".to_owned()),
        ];
        Self { address, environment, database: place.database.clone() }
    }

    /// Makes the tables.
    pub(crate) fn migrate(&self) -> Result<()> {
        self.run(&["migrate", "up"]).map(drop)
    }

    /// Registers `count` customers on the largest plan.
    pub(crate) fn register(&self, count: usize) -> Result<Vec<Customer>> {
        (0..count).map(|number| self.register_one(number)).collect()
    }

    fn register_one(&self, number: usize) -> Result<Customer> {
        let owner = format!("owner-{number}@bench.example");
        let create = ["customer", "create", "--name", "Bench", "--email", &owner, "--plan", "enterprise", "--json"];
        let Registered { customer_id, api_key } = serde_json::from_slice(&self.run(&create)?.stdout)?;
        Ok(Customer::new(customer_id.parse()?, &api_key))
    }

    /// Starts the server for `customers`.
    pub(crate) async fn serve(&self, customers: Vec<Customer>) -> Result<Service> {
        let mut command = pinned(&binary()?.to_string_lossy());
        command.arg("serve").envs(self.environment.iter().cloned());
        let process = Process::start(command, self.address).await?;
        let target = Target::service(process.address(), customers, Codes::of(&self.database).await?);
        Ok(Service { process, target: Arc::new(target) })
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let output = Command::new(binary()?).args(arguments).envs(self.environment.iter().cloned()).output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(output)
    }
}

/// The server's program: built beside this one.
pub(crate) fn binary() -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("otp-server");
    if !program.exists() {
        bail!("{} is not built: `cargo xtask bench` does it", program.display());
    }
    Ok(program)
}
