//! Every mail of the service with made-up contents: to look at, and to try providers with.

use std::str::FromStr;

use super::{Envelope, OutgoingMail, account_exists, code, notice, signup};
use crate::challenge::DEFAULT_TTL;
use crate::code::{Code, DEFAULT_LENGTH};
use crate::effect::News;
use crate::tenant::TenantStatus;

/// Whose users sign in, in samples.
const APP: &str = "Acme";

/// A kind of mail the service writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The code to sign in with.
    SignIn,
    /// The code and the link that open an account.
    Signup,
    /// That there is an account already.
    AccountExists,
    /// That an account is served again.
    Active,
    /// That it is not served for now.
    Suspended,
    /// That it is closed.
    Cancelled,
    /// That it is on another plan.
    Plan,
}

/// The text names no kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no kind of mail is called so")]
pub struct UnknownSample;

impl Sample {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::SignIn, Self::Signup, Self::AccountExists, Self::Active, Self::Suspended, Self::Cancelled, Self::Plan];

    /// What it is called on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Signup => "signup",
            Self::AccountExists => "account-exists",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
            Self::Plan => "plan",
        }
    }

    /// A mail of this kind in `envelope`, composed as the relay composes it. Its code opens nothing, and neither does
    /// its link to `public_url`.
    pub(crate) fn composed(self, mut envelope: Envelope, public_url: &str) -> OutgoingMail {
        let status = |status| News::Status { status, reason: None };
        let sample_code = Code::sample(DEFAULT_LENGTH);
        let news = match self {
            Self::SignIn => {
                // What a tenant sends bears its name.
                envelope.from.name = APP.to_owned();
                return code(envelope, APP, &sample_code, DEFAULT_TTL);
            }
            Self::Signup => {
                let link = format!("{public_url}/signup/confirm?token=…");
                return signup(envelope, &sample_code, Some(&link));
            }
            Self::AccountExists => return account_exists(envelope),
            Self::Active => status(TenantStatus::Active),
            Self::Suspended => status(TenantStatus::Suspended),
            Self::Cancelled => status(TenantStatus::Cancelled),
            Self::Plan => News::Plan { plan: "pro".to_owned() },
        };
        notice(envelope, APP, &news)
    }
}

impl FromStr for Sample {
    type Err = UnknownSample;
    fn from_str(text: &str) -> Result<Self, UnknownSample> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownSample)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Sender, code_in};
    use super::*;
    use crate::email::EmailAddress;
    use crate::id::MailId;
    use crate::locale::Locale;

    #[test]
    fn each_is_a_whole_mail_of_its_own_in_every_language() {
        let mut subjects = std::collections::BTreeSet::new();
        for kind in Sample::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            for locale in Locale::ALL {
                let address = EmailAddress::parse("ada@example.org").unwrap();
                let from = Sender { name: "Service".to_owned(), address: address.clone() };
                let envelope = Envelope { id: MailId::from_u128(7), from, to: address, locale };
                let mail = kind.composed(envelope, "https://otp.example.org");
                assert_eq!(code_in(&mail.text).is_some(), matches!(kind, Sample::SignIn | Sample::Signup), "{kind:?}");
                assert_eq!(mail.text.contains("https://otp.example.org/"), kind == Sample::Signup);
                assert_eq!(mail.from.name, if kind == Sample::SignIn { APP } else { "Service" });
                assert!(mail.html.contains(&format!("lang=\"{}\"", locale.as_str())));
                assert!(!mail.text.contains('{'), "{}", mail.text);
                assert!(subjects.insert(mail.subject), "{kind:?} {locale:?}");
            }
        }
        assert_eq!("sign_in".parse::<Sample>(), Err(UnknownSample));
    }
}
