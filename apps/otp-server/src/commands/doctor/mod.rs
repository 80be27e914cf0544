//! `otp-server doctor`: looks for what is wrong with a service, running or not. It changes nothing and sends no mail.

mod finding;
mod key;
mod mail;
mod proxy;
mod setup;
mod stores;

use otp_wire::process::{Failure, SettingArgs};

use finding::{Check, Finding, Status};

/// Looks at everything and tells what it finds.
pub(crate) async fn run(settings: &SettingArgs, json: bool) -> Result<(), Failure> {
    let findings = examined(settings).await;
    finding::print(&findings, json)?;
    match findings.iter().filter(|finding| finding.status == Status::Error).count() {
        0 => Ok(()),
        1 => Err(Failure::Unwell("1 error found".to_owned())),
        errors => Err(Failure::Unwell(format!("{errors} errors found"))),
    }
}

async fn examined(settings: &SettingArgs) -> Vec<Finding> {
    let config = match settings.read() {
        Ok(config) => config,
        Err(error) => {
            let wrong = error.0.into_iter().map(|wrong| Finding::error(Check::Config, wrong));
            let rest = Finding::warning(Check::Config, "nothing else was looked at: it is not known where it is");
            return wrong.chain([rest]).collect();
        }
    };
    let mut findings = setup::check(&config);
    findings.extend(stores::clock(&config).await);
    findings.extend(stores::database(&config).await);
    findings.extend(stores::kv(&config).await);
    findings.extend(mail::check(&config).await);
    findings.push(proxy::check(&config).await);
    findings
}
