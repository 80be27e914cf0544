//! Signing up: `/signup`, `/signup/verify` for programs, `/signup/confirm` for people. Open to everybody, so no key and
//! no token is looked at.

mod confirm;
mod page;
mod request;
mod texts;
mod verify;

pub(crate) use confirm::{CONFIRM, SHOW, confirm, show};
pub(crate) use request::{SIGN_UP, request};
pub(crate) use verify::{VERIFY_SIGNUP, verify};

use std::time::Duration;

use otp_core::caller::Caller;
use otp_core::signup::{ConfirmError, OpenedAccount, SignupProof};

use crate::app::App;

/// How often, and after which pause, it is looked whether whoever presents the same token has got his account.
const LOOKS: u32 = 25;
const PAUSE: Duration = Duration::from_millis(200);

/// The account that `proof` opens. Of a button pressed twice the browser shows the second answer only, so that waits for the
/// first.
async fn opened(app: &App, proof: &SignupProof, caller: &Caller) -> Result<OpenedAccount, ConfirmError> {
    for _ in 0..LOOKS {
        match app.signup.confirm(proof, caller).await {
            Err(ConfirmError::InFlight) => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
    app.signup.confirm(proof, caller).await
}
