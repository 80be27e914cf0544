//! The codes the service mails, known without waiting for the mail: derived as the service derives them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use otp_core::challenge::{Challenge, Purpose};
use otp_core::code::{Code, DEFAULT_LENGTH};
use otp_core::deployment::Deployment;
use otp_core::email::EmailAddress;
use otp_core::id::{ChallengeId, TenantId};
use otp_core::keys::{Keyring, MasterKey, Sealed};
use otp_core::port::Stores;
use otp_core::realm::Realm;
use otp_core::time::Timestamp;
use otp_sql::SqlStore;

/// The master key of the servers that are measured.
const MASTER: [u8; 32] = [7; 32];

/// The master key, as the configuration has it.
pub(crate) fn secret_key() -> String {
    MasterKey::from_bytes(MASTER).to_base64()
}

/// Derives codes under the keys of one deployment.
#[derive(Debug, Clone)]
pub(crate) struct Codes {
    keys: Arc<Keyring>,
}

impl Codes {
    /// Under the keys of the deployment whose database is at `url`; it has to be there already.
    pub(crate) async fn of(url: &str) -> Result<Self> {
        let store = Arc::new(match url.strip_prefix("sqlite://") {
            Some(path) => SqlStore::sqlite(Path::new(path)).await?,
            None => SqlStore::postgres(url, None).await?,
        });
        let deployment = Deployment::builder(MasterKey::from_bytes(MASTER), Stores::of(store.clone())).open().await?;
        store.close().await;
        Ok(Self { keys: deployment.keys().clone() })
    }

    /// The code of the challenge `id` that `tenant` asked for on behalf of `email`.
    pub(crate) fn code(&self, tenant: TenantId, id: ChallengeId, email: &str) -> Result<Code> {
        let realm = Realm::live(tenant);
        let address_key = self.keys.address_key(realm, &EmailAddress::parse(email)?);
        let now = Timestamp::from_millis(0);
        let challenge = Challenge {
            note: None,
            id,
            realm,
            purpose: Purpose::default(),
            address_key,
            kid: self.keys.kid(),
            code_length: DEFAULT_LENGTH,
            // The rest does not enter the code.
            address: Sealed::from_bytes(Vec::new()),
            max_attempts: 0,
            created_at: now,
            expires_at: now.plus(Duration::ZERO),
        };
        Ok(Code::derive(&challenge, &self.keys)?)
    }
}
