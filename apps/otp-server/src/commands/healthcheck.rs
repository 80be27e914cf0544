//! `otp-server healthcheck`: one question to a running service, for container and service managers.

use std::time::Duration;

use otp_wire::process::Failure;
use reqwest::Url;
use serde_json::json;

use crate::output;

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Succeeds if `url` answers 2xx.
pub(crate) async fn run(url: Url, json: bool) -> Result<(), Failure> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let answer = client.get(url).send().await.map_err(|error| Failure::Unreachable(format!("no answer: {error}")))?;
    let status = answer.status();
    if !status.is_success() {
        return Err(Failure::Failed(format!("answered {status}")));
    }
    if json { output::line(json!({ "status": status.as_u16() })) } else { output::line(status) }
}
