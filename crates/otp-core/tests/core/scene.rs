//! One deployment in memory, and the shortest way through it.

use std::sync::Arc;

use otp_core::caller::{Actor, Caller};
use otp_core::challenge::Purpose;
use otp_core::deployment::DeploymentBuilder;
use otp_core::locale::Locale;
use otp_core::mail::code_in;
use otp_core::otp::{CodeRequest, Proof, Verification};
use otp_core::plan::{Plan, Plans};
use otp_core::port::Delivery;
use otp_core::prelude::*;
use otp_core::time::Timestamp;
use otp_memory::MemoryStore;
use otp_testkit::{FrozenClock, RecordingMailer, SeededEntropy};

pub(crate) struct Scene {
    pub(crate) clock: Arc<FrozenClock>,
    pub(crate) mailer: Arc<RecordingMailer>,
    pub(crate) deployment: Deployment,
    pub(crate) otp: Otp,
    pub(crate) sessions: Sessions,
    pub(crate) relay: Relay,
    pub(crate) acme: Tenant,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        Self::on_plan("enterprise").await
    }

    pub(crate) async fn on_plan(plan: &str) -> Self {
        Self::over(Stores::of(Arc::new(MemoryStore::default())), plan).await
    }

    /// With every limit in a store of its own.
    pub(crate) async fn with_limits_apart(plan: &str) -> Self {
        let stores = Stores::of(Arc::new(MemoryStore::default())).with_limits(Arc::new(MemoryStore::default()));
        Self::over(stores, plan).await
    }

    async fn over(stores: Stores, plan: &str) -> Self {
        let clock = Arc::new(FrozenClock::at(Timestamp::from_millis(1_800_000_000_000)));
        let builder =
            Deployment::builder(MasterKey::from_bytes([7; 32]), stores).entropy(Arc::new(SeededEntropy::new(1)));
        Self::built(builder, clock, Arc::new(RecordingMailer::new()), plan).await.unwrap()
    }

    /// The same stores, clock and mailbox under another master key, with that before it if it is known.
    pub(crate) async fn under(&self, master: u8, previous: Option<u8>) -> Res<Self> {
        self.over_stores(self.deployment.stores().clone(), master, previous).await
    }

    /// The same over other stores.
    pub(crate) async fn over_stores(&self, stores: Stores, master: u8, previous: Option<u8>) -> Res<Self> {
        let key = |octet| MasterKey::from_bytes([octet; 32]);
        let builder = Deployment::builder(key(master), stores).previous(previous.map(key));
        Self::built(builder, self.clock.clone(), self.mailer.clone(), &self.acme.plan).await
    }

    async fn built(
        builder: DeploymentBuilder,
        clock: Arc<FrozenClock>,
        mailer: Arc<RecordingMailer>,
        plan: &str,
    ) -> Res<Self> {
        let deployment = builder.clock(clock.clone()).plans(plans()).open().await?;
        let sender = Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example").unwrap() };
        let signer = Arc::new(TenantKeys::new(deployment.keys().clone()));
        Ok(Self {
            otp: Otp::new(deployment.clone()),
            sessions: Sessions::new(deployment.clone(), signer, "https://otp.example"),
            relay: Relay::new(deployment.clone(), mailer.clone(), sender),
            acme: Tenant::new(TenantId::from_u128(1), "Acme", plan, deployment.now()),
            clock,
            mailer,
            deployment,
        })
    }

    pub(crate) async fn ask(&self, email: &str) -> Issued {
        self.otp.issue(&self.acme, email).await.unwrap()
    }

    pub(crate) async fn ask_again(&self, email: &str, challenge: ChallengeId) -> Result<Issued, RequestError> {
        let request = CodeRequest {
            email: EmailAddress::parse(email).unwrap(),
            purpose: Purpose::default(),
            locale: Locale::default(),
            resend: Some(challenge),
            idempotency: None,
        };
        self.otp.request(&self.acme, request, &Caller::of(Actor::System)).await
    }

    /// The code of the last mail, once everything that waits was sent.
    pub(crate) async fn code(&self) -> String {
        self.relay.run_once().await.unwrap();
        let mail = self.mailer.mails().pop().expect("no mail");
        code_in(&mail.text).expect("no code").to_owned()
    }

    pub(crate) async fn by_address(&self, email: &str, code: &str) -> Result<Verified, VerifyError> {
        let email = EmailAddress::parse(email).unwrap();
        let proof = Proof::Address { email, purpose: Purpose::default() };
        let verification = Verification { code: code.parse()?, proof };
        self.otp.check(&self.acme, verification, &Caller::of(Actor::System)).await
    }

    pub(crate) fn mails_fail(&self, times: usize) {
        self.mailer.script(std::iter::repeat_n(Delivery::Transient, times));
    }
}

/// The default plans, and one with room for five codes a month and two users.
fn plans() -> Plans {
    let mut plans = Plans::default();
    let tiny = Plan { otp_requests_per_month: Some(5), max_users: Some(2), ..Plan::default() };
    plans.set("tiny".to_owned(), tiny);
    plans
}

/// A code that is not `code`.
pub(crate) fn other_than(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}
