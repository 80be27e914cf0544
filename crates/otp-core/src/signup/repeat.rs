//! Links that are followed twice. A button is pressed twice, a connection breaks off before the answer: the account is open
//! then, and its keys, shown only once, would be lost for good, for an address has one account. So the answer is
//! remembered in the write that opens it, and for a while whoever presents the same token gets the same keys.
//!
//! Codes are not repeated: there are too few of them. Whoever could ask whether one was right a moment ago would have attempts
//! for nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ConfirmError, OpenedAccount, Signup, SignupProof, SignupToken};
use crate::api_key::ApiKey;
use crate::caller::Caller;
use crate::calls::{Calls, Repeatable, Seen};
use crate::fault::{Fault, Res};
use crate::otp::IdempotencyKey;
use crate::realm::Realm;
use crate::tenant::Tenant;
use crate::tenants::NewKey;

/// How long the keys of a new account are shown again.
const REPEATED: Duration = Duration::from_secs(600);
const OP: &str = "signup.repeat";

/// An account as it is remembered, which is sealed.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    tenant: Tenant,
    secret: &'a str,
    publishable: &'a str,
}

impl Signup {
    /// Opens the account, with a secret and a publishable key. Whoever presents the same token within ten minutes gets the
    /// same answer.
    ///
    /// # Errors
    /// [`ConfirmError`]; no account was opened by this call then.
    pub async fn confirm(&self, proof: &SignupProof, caller: &Caller) -> Result<OpenedAccount, ConfirmError> {
        let Some(call) = self.call_of(proof)? else { return self.open(proof, None, caller).await };
        let calls = Calls::new(self.deployment.clone());
        let lease = match calls.begin(Realm::SERVICE, call).await? {
            Seen::Never(lease) => lease,
            Seen::InFlight => return Err(ConfirmError::InFlight),
            Seen::Answered(answer) => return Ok(read(&answer)?),
            Seen::Mismatch => return Err(Fault::corrupt(OP, "one token, two calls").into()),
        };
        let repeatable = Repeatable { lease, answer: &written, repeated: REPEATED };
        let opened = self.open(proof, Some(&repeatable), caller).await;
        if opened.is_err() {
            // What cannot be given back runs out by itself.
            calls.give_back(lease).await.ok();
        }
        opened
    }

    /// What makes two proofs the same: the token. One that is none of ours makes none, and leaves no trace.
    fn call_of(&self, proof: &SignupProof) -> Res<Option<IdempotencyKey>> {
        let SignupProof::Token(token) = proof else { return Ok(None) };
        let call = |token: &SignupToken| IdempotencyKey::new(&token.expose(), "POST", "/signup/confirm", "", b"");
        Ok(token.is_genuine(&self.deployment.keys).then(|| call(token)))
    }
}

fn written(account: &OpenedAccount) -> Vec<u8> {
    let kept = Kept {
        tenant: account.tenant.clone(),
        secret: account.secret.key.expose(),
        publishable: account.publishable.key.expose(),
    };
    // As it is stored anyway; what does not read back is told as a fault.
    serde_json::to_vec(&kept).unwrap_or_default()
}

fn read(answer: &[u8]) -> Res<OpenedAccount> {
    let Kept { tenant, secret, publishable } =
        serde_json::from_slice(answer).map_err(|error| Fault::corrupt(OP, error))?;
    let key = |text: &str| {
        let key = ApiKey::parse(text).map_err(|error| Fault::corrupt(OP, error))?;
        let record = tenant.key_by_hash(&key.hash()).cloned();
        Ok(NewKey { record: record.ok_or_else(|| Fault::corrupt(OP, "a key of nobody"))?, key })
    };
    let (secret, publishable) = (key(secret)?, key(publishable)?);
    Ok(OpenedAccount { tenant, secret, publishable, replayed: true })
}
