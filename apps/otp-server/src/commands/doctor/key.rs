//! Whether the secret key is that of what is stored, and what is left to do where one takes the place of another.

use otp_core::fault::Res;
use otp_core::keys::{Keyring, MasterKey, RootKey};
use otp_core::port::Clock;
use otp_core::system::SystemClock;
use otp_wire::config::Config;
use otp_wire::storage::Storage;

use super::finding::{Check, Finding};
use super::stores::down;

/// Whether the keys of `config` open `storage`, whose schema is this version's. Says nothing where there is none: that is
/// the configuration's fault.
pub(super) async fn check(config: &Config, storage: &Storage) -> Option<Finding> {
    let master = config.secret_key.as_ref()?;
    Some(
        compared(master, config.secret_key_previous.as_ref(), storage)
            .await
            .unwrap_or_else(|fault| down(Check::Key, fault)),
    )
}

async fn compared(master: &MasterKey, previous: Option<&MasterKey>, storage: &Storage) -> Res<Finding> {
    let warning = |detail: &str| Finding::warning(Check::Key, detail);
    let Some(root) = storage.root().await? else {
        return Ok(Finding::ok(Check::Key, "nothing is stored under it yet"));
    };
    let retired = storage.stores().roots.retired(SystemClock.now()).await?;
    let is_unfinished = retired.iter().any(|key| key.until.is_none());
    Ok(match Keyring::opens(master, previous, &root, retired) {
        None => Finding::error(Check::Key, "OTP_SECRET_KEY does not open what is stored: `serve` will not start")
            .fix(
                "the key the service has run with so far; if OTP_SECRET_KEY takes its place, OTP_SECRET_KEY_PREVIOUS has to be it",
            ),
        Some(RootKey::Current | RootKey::Older) if is_unfinished => {
            warning("`secret rotate` was begun and has not finished: some of what is stored is under the key before")
                .fix("otp-server secret rotate")
        }
        Some(RootKey::Older) => warning("what is stored is under OTP_SECRET_KEY_PREVIOUS still")
            .fix("otp-server secret rotate, once every process has OTP_SECRET_KEY in force"),
        Some(RootKey::Current) if previous.is_some() => {
            warning("OTP_SECRET_KEY_PREVIOUS is set, and nothing stored needs it to be")
                .fix("unset it, unless it is the key that is about to take the place of OTP_SECRET_KEY")
        }
        Some(RootKey::Current) => Finding::ok(Check::Key, "opens what is stored"),
    })
}
