//! Opening the account a code or a link was mailed for.

use std::time::Duration;

use super::{CODE_LENGTH, Signup, SignupToken};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::calls::Repeatable;
use crate::challenge::{Challenge, Lookup, Purpose};
use crate::code::Code;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::{SessionId, TenantId, UserId};
use crate::otp::{RateLimited, VerifyError, well_formed};
use crate::port::{Attempt, AttemptEffects, Presented};
use crate::realm::Realm;
use crate::session::{Lifetimes, SignIn};
use crate::tenant::{Tenant, World};
use crate::tenants::{Drafted, KeySpec, NewKey, NewTenant};
use crate::time::Timestamp;

/// What proves that somebody reads the mail of an address.
#[derive(Debug, Clone)]
pub enum SignupProof {
    /// The code, tested against the newest signups of the address; the newest pays.
    Code {
        /// Whose.
        email: EmailAddress,
        /// As typed.
        code: Code,
    },
    /// What the link carries. One that is none of ours spends nothing: there is nothing to guess.
    Token(SignupToken),
}

/// An account just opened, and its first keys: shown to whoever opens it, and no more.
#[derive(Debug, Clone)]
pub struct OpenedAccount {
    /// The account.
    pub tenant: Tenant,
    /// Its first secret key.
    pub secret: NewKey,
    /// Its first publishable key.
    pub publishable: NewKey,
    /// Whether this repeats what the same token opened a moment ago.
    pub replayed: bool,
}

/// A signup nobody has confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSignup {
    /// Who is to own the account.
    pub email: EmailAddress,
    /// The company it is for.
    pub company_name: String,
}

/// Why no account was opened.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Nobody may sign up here.
    #[error("accounts are made by the operator of this service")]
    Closed,
    /// The address has an account by now; the code is spent.
    #[error("this email address has an account already")]
    EmailTaken,
    /// The same token is being presented by somebody else at this moment; he gets the account, and so does who asks again.
    #[error("the same link is being followed at this moment")]
    InFlight,
    /// The proof is none.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl From<Fault> for ConfirmError {
    fn from(fault: Fault) -> Self {
        Self::Verify(fault.into())
    }
}

/// The keys of a new account, as its owner finds them in the list.
const SECRET: &str = "default";
const PUBLISHABLE: &str = "default publishable";

impl Signup {
    /// The signup a link was mailed for, while that can be confirmed. A plain read: nothing is spent.
    ///
    /// # Errors
    /// [`ConfirmError`]: what would be answered to who confirms it.
    pub async fn pending(&self, token: &SignupToken) -> Result<PendingSignup, ConfirmError> {
        if self.plan.is_none() {
            return Err(ConfirmError::Closed);
        }
        let live = self.live(&by_token(token), self.deployment.now()).await?;
        let challenge = self.of_token(&live, token)?.ok_or(VerifyError::Expired)?;
        let (email, company_name) = self.asked(challenge)?;
        Ok(PendingSignup { email, company_name })
    }

    /// Opens the account, unless it was opened by an answer nobody got: what it takes to have that repeated is `answer`.
    pub(super) async fn open(
        &self,
        proof: &SignupProof,
        answer: Option<&Repeatable<'_, OpenedAccount>>,
        caller: &Caller,
    ) -> Result<OpenedAccount, ConfirmError> {
        let plan = self.plan.as_ref().ok_or(ConfirmError::Closed)?;
        let now = self.deployment.now();
        let service = Tenant::service(now);
        let (by, live, matched);
        match proof {
            SignupProof::Code { email, code } => {
                let address_key = self.deployment.keys.address_key(Realm::SERVICE, email);
                by = Lookup::Address { realm: Realm::SERVICE, purpose: Purpose::signup(), address_key };
                live = self.live(&by, now).await?;
                well_formed(code, &live, CODE_LENGTH)?;
                matched = self.otp.matching(World::from(&service), &live, code)?;
            }
            SignupProof::Token(token) => {
                by = by_token(token);
                live = self.live(&by, now).await?;
                matched = Some(self.of_token(&live, token)?.ok_or(VerifyError::Expired)?);
            }
        }
        let Some(paying) = live.first() else { return Err(VerifyError::Expired.into()) };
        let drafted = matched.map(|challenge| self.drafted(challenge, plan, caller, now)).transpose()?;
        let account = drafted.as_ref().map(opened).transpose()?;
        let remembered =
            account.as_ref().map(|account| self.deployment.remembering(answer, account, now)).transpose()?;
        let mut on = self.effects(paying, drafted.as_ref(), caller, now)?;
        on.right.extend(remembered.flatten());
        let presented = Presented {
            by,
            matched: matched.map(|challenge| challenge.id),
            sign_in: matched
                .zip(drafted.as_ref())
                .map(|(challenge, drafted)| self.enter(challenge, drafted))
                .transpose()?,
            wrong_draws: self.otp.wrong_draws(World::from(&service), paying, caller, now)?,
            on,
        };
        match self.otp.attempt_within_limits(presented, now).await? {
            Attempt::Right(_) => Ok(account.ok_or_else(|| Fault::corrupt("signup", "an account that nobody drafted"))?),
            Attempt::AccountExists => Err(ConfirmError::EmailTaken),
            Attempt::Wrong { left } => Err(VerifyError::Invalid { remaining: left }.into()),
            Attempt::Exhausted => Err(VerifyError::Exhausted.into()),
            Attempt::Expired => Err(VerifyError::Expired.into()),
            Attempt::RateLimited(by) => {
                Err(VerifyError::RateLimited(Box::new(RateLimited { by, usage: vec![by], now })).into())
            }
            // The service bounds its users nowhere.
            Attempt::UserLimit => Err(VerifyError::UserLimitReached.into()),
        }
    }

    async fn live(&self, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>> {
        self.deployment.stores.challenges.live(by, now).await
    }

    /// The challenge of `live` that `token` is of.
    fn of_token<'a>(&self, live: &'a [Challenge], token: &SignupToken) -> Res<Option<&'a Challenge>> {
        let Some(challenge) = live.first() else { return Ok(None) };
        Ok(token.is_of(challenge, &self.deployment.keys)?.then_some(challenge))
    }

    /// Who asked for an account, and for which company.
    fn asked(&self, challenge: &Challenge) -> Res<(EmailAddress, String)> {
        let keys = &self.deployment.keys;
        let note = challenge.note.as_ref().ok_or_else(|| Fault::corrupt("signup", "a signup without a company"))?;
        let email = keys.open_address(challenge.realm, &challenge.address)?;
        Ok((email, keys.open_secret(TenantId::SERVICE, note)?))
    }

    fn drafted(&self, challenge: &Challenge, plan: &str, caller: &Caller, now: Timestamp) -> Res<Drafted> {
        let (owner, company) = self.asked(challenge)?;
        let new = NewTenant { name: company.clone(), owner, company_name: Some(company), plan: plan.to_owned() };
        let keys = vec![KeySpec::secret(SECRET), KeySpec::publishable(PUBLISHABLE)];
        let mut drafted = self.tenants.draft(new, keys, caller, now)?;
        drafted.tenant.owner_verified_at = Some(now);
        Ok(drafted)
    }

    /// The owner is known to the service from now on: its mails are no stranger's any more. Nobody holds a token of the
    /// session, so it ends as it begins.
    fn enter(&self, challenge: &Challenge, drafted: &Drafted) -> Res<SignIn> {
        let (none, entropy) = (Duration::ZERO, &*self.deployment.entropy);
        Ok(SignIn {
            user: UserId::generate(entropy)?,
            address: self.deployment.keys.address_to_stay(challenge.realm, &challenge.address, entropy)?,
            session: SessionId::generate(entropy)?,
            lifetimes: Lifetimes { access: none, idle: none, absolute: none },
            max_users: None,
            created: Vec::new(),
            registers: Some(Box::new(drafted.tenant.clone())),
        })
    }

    fn effects(
        &self,
        paying: &Challenge,
        drafted: Option<&Drafted>,
        caller: &Caller,
        now: Timestamp,
    ) -> Res<AttemptEffects> {
        let of_service =
            |event| self.deployment.audit(Realm::SERVICE, event, Some(Target::Challenge(paying.id)), caller, now);
        let failed = of_service(AuditEvent::OtpFailed)?;
        let right = match drafted {
            Some(Drafted { tenant, effects, .. }) => {
                let target = Some(Target::Customer(tenant.id));
                let verified = self.deployment.audit(tenant.live(), AuditEvent::SignupVerified, target, caller, now)?;
                [&[Effect::Audit(verified)], effects.as_slice()].concat()
            }
            None => Vec::new(),
        };
        Ok(AttemptEffects {
            right,
            wrong: vec![Effect::Audit(failed.clone())],
            locked: vec![Effect::Audit(of_service(AuditEvent::OtpLocked)?)],
            full: vec![Effect::Audit(failed.with("reason", "account-exists"))],
        })
    }
}

fn by_token(token: &SignupToken) -> Lookup {
    Lookup::Id { realm: Realm::SERVICE, id: token.challenge }
}

/// What is shown of the account that was drafted, once it is written.
fn opened(drafted: &Drafted) -> Res<OpenedAccount> {
    let [secret, publishable] = drafted.keys.as_slice() else {
        return Err(Fault::corrupt("signup", "an account drafted without its keys"));
    };
    let (tenant, secret, publishable) = (drafted.tenant.clone(), secret.clone(), publishable.clone());
    Ok(OpenedAccount { tenant, secret, publishable, replayed: false })
}
