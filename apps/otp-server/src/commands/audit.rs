//! `otp-server audit`: whether audit trails are as they were sealed.

use otp_core::audit::{Report, Trails, Witness};
use otp_core::id::TenantId;
use otp_core::port::Age;
use otp_core::tenant::Tenant;
use otp_wire::process::{Failure, SettingArgs};
use serde_json::json;

use super::Session;
use super::key::customer_id;
use crate::cli::AuditCommand;
use crate::output::{self, Progress};

/// Checks trails.
pub(crate) async fn run(settings: &SettingArgs, command: &AuditCommand) -> Result<(), Failure> {
    let session = Session::open(settings).await?;
    let done = act(&session, command).await;
    session.close().await;
    done
}

async fn act(session: &Session, command: &AuditCommand) -> Result<(), Failure> {
    let AuditCommand::Verify { customer, expect, json } = command;
    let mut check = Check { session, json: *json, progress: Progress::on_stderr(), checked: 0 };
    let broken = match customer {
        Some(customer) => {
            let id = customer_id(customer)?;
            if id != TenantId::SERVICE && session.tenants.get(id, Age::Fresh).await?.is_none() {
                return Err(Failure::NotFound(format!("there is no customer {id}")));
            }
            check.verify(id, *expect).await?
        }
        None => {
            let mut broken = check.verify(TenantId::SERVICE, None).await?;
            let others = async |tenant: &Tenant| {
                if tenant.id != TenantId::SERVICE {
                    broken |= check.verify(tenant.id, None).await?;
                }
                Ok(())
            };
            session.each_customer(others).await?;
            broken
        }
    };
    if broken { Err(Failure::Failed("an audit trail is not as it was sealed".to_owned())) } else { Ok(()) }
}

/// Trails, checked one after the other.
struct Check<'s> {
    session: &'s Session,
    json: bool,
    progress: Progress,
    checked: u64,
}

impl Check<'_> {
    /// Checks one trail and shows what was found; answers whether it is broken.
    async fn verify(&mut self, id: TenantId, witness: Option<Witness>) -> Result<bool, Failure> {
        self.progress.show(format_args!("{} trails checked, now that of {id}", self.checked));
        let report = Trails::new(self.session.deployment.clone()).verify(id, witness).await?;
        self.checked += 1;
        self.progress.hide();
        show(id, &report, self.json)?;
        Ok(!report.findings.is_empty())
    }
}

/// One trail: a JSON object a line, or a line with its findings below.
fn show(id: TenantId, report: &Report, json: bool) -> Result<(), Failure> {
    let Report { head, findings, unsealed } = report;
    let latest = head.map(|head| Witness { seq: head.last, mac: head.latest }.to_string());
    if json {
        return output::line(json!({
            "customerId": id.to_string(),
            "entries": head.map_or(0, |head| head.count()),
            "first": head.map(|head| head.first),
            "expect": latest,
            "unsealed": unsealed,
            "findings": findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
    }
    let entries = head.map_or(0, |head| head.count());
    let verdict = if findings.is_empty() { "as sealed" } else { "BROKEN" };
    output::line(format_args!("{id}  {verdict}  {entries} entries, {unsealed} younger ones not covered"))?;
    if let Some(latest) = latest {
        output::line(format_args!("    --expect {latest}"))?;
    }
    findings.iter().try_for_each(|finding| output::line(format_args!("    {finding}")))
}
