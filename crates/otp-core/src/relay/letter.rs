//! What a mail of the outbox says and to whom, looked up at the moment it is sent.

use super::Relay;
use crate::challenge::Challenge;
use crate::code::Code;
use crate::effect::{Letter, News, Notice};
use crate::email::EmailAddress;
use crate::fault::Res;
use crate::id::MailId;
use crate::keys::Sealed;
use crate::locale::Locale;
use crate::mail::{Envelope, OutgoingMail, Sender, account_exists, code, notice, signup};
use crate::port::{Age, Leased};
use crate::signup::SignupToken;
use crate::time::Timestamp;

/// A mail that may go out.
pub(super) struct Addressed {
    pub(super) recipient: EmailAddress,
    /// Whether he has signed in where the mail comes from, or owns an account: no stranger writes to him.
    pub(super) is_known: bool,
    /// From when on the mail is of no use.
    pub(super) expires_at: Timestamp,
    says: Says,
}

/// A letter, with what it speaks of.
enum Says {
    Code { challenge: Challenge, app_name: String },
    Signup(Challenge),
    AccountExists,
    News { account: String, news: News },
}

impl Relay {
    /// To whom a mail goes; to nobody, if its code is dead or the account it tells of has no owner.
    pub(super) async fn addressed(&self, leased: &Leased) -> Res<Option<Addressed>> {
        let Leased { mail, challenge, known_as, .. } = leased;
        let to_asker = |challenge, says| self.to_asker(challenge, known_as.as_ref(), says).map(Some);
        match (&mail.letter, challenge) {
            (Letter::Notice(notice), _) => self.to_owner(notice).await,
            (Letter::Code { app_name, .. }, Some(challenge)) => {
                to_asker(challenge, Says::Code { challenge: challenge.clone(), app_name: app_name.clone() })
            }
            (Letter::Signup { .. }, Some(challenge)) => to_asker(challenge, Says::Signup(challenge.clone())),
            (Letter::AccountExists { .. }, Some(challenge)) => to_asker(challenge, Says::AccountExists),
            (Letter::Code { .. } | Letter::Signup { .. } | Letter::AccountExists { .. }, None) => Ok(None),
        }
    }

    fn to_asker(&self, challenge: &Challenge, known_as: Option<&Sealed>, says: Says) -> Res<Addressed> {
        Ok(Addressed {
            recipient: self.deployment.keys.open_address(challenge.realm, known_as.unwrap_or(&challenge.address))?,
            is_known: known_as.is_some(),
            expires_at: challenge.expires_at,
            says,
        })
    }

    async fn to_owner(&self, notice: &Notice) -> Res<Option<Addressed>> {
        let Notice { tenant, news, expires_at } = notice;
        if *expires_at <= self.deployment.now() {
            return Ok(None);
        }
        let tenant = self.deployment.stores.tenants.get(*tenant, Age::Kept).await?;
        Ok(tenant.and_then(|tenant| {
            let says = Says::News { account: tenant.name, news: news.clone() };
            Some(Addressed { recipient: tenant.owner?, is_known: true, expires_at: *expires_at, says })
        }))
    }

    /// The mail itself. What a tenant sends bears its name, what the service sends its own.
    pub(super) fn composed(
        &self,
        id: MailId,
        locale: Locale,
        addressed: &Addressed,
        now: Timestamp,
    ) -> Res<OutgoingMail> {
        let name = match &addressed.says {
            Says::Code { app_name, .. } => app_name,
            Says::Signup(_) | Says::AccountExists | Says::News { .. } => &self.sender.name,
        };
        let from = Sender { name: name.clone(), address: self.sender.address.clone() };
        let envelope = Envelope { id, from, to: addressed.recipient.clone(), locale };
        let derive = |challenge| Code::derive(challenge, &self.deployment.keys);
        Ok(match &addressed.says {
            Says::Code { challenge, app_name } => {
                code(envelope, app_name, &derive(challenge)?, now.until(challenge.expires_at))
            }
            Says::Signup(challenge) => signup(envelope, &derive(challenge)?, self.signup_link(challenge)?.as_deref()),
            Says::AccountExists => account_exists(envelope),
            Says::News { account, news } => notice(envelope, account, news),
        })
    }

    /// Where a signup is confirmed, if it is known under which address pages are.
    fn signup_link(&self, challenge: &Challenge) -> Res<Option<String>> {
        let Some(base) = &self.public_url else { return Ok(None) };
        let token = SignupToken::derive(challenge, &self.deployment.keys)?;
        Ok(Some(format!("{base}/signup/confirm?token={}", token.expose())))
    }
}
