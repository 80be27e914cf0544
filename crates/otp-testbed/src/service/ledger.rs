//! What clients were told, to be compared with what the service knows afterwards.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use otp_testkit::smtp_sink::SmtpSink;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Closing, Server, code};

/// Calls of one kind. Whatever dies when, the service has counted as many as were answered at least,
/// and at most those whose answer never came in addition.
#[derive(Debug, Default)]
pub struct Calls {
    answered: AtomicU64,
    unanswered: AtomicU64,
}

impl Calls {
    /// The least and the most that the service may have counted.
    pub fn bounds(&self) -> (u64, u64) {
        let answered = self.answered.load(Ordering::SeqCst);
        (answered, answered + self.unanswered.load(Ordering::SeqCst))
    }
}

/// An attempt that was sent and whose answer never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsure {
    Wrong,
    Right,
}

/// What a client was told of one challenge.
#[derive(Debug, Clone)]
struct Accepted {
    id: Value,
    email: String,
    /// Attempts left after the last wrong one that was answered.
    left: u64,
    unsure: Option<Unsure>,
    /// The token its right code was answered with.
    token: Option<Value>,
}

/// Everything the clients of one customer were told.
#[derive(Debug)]
pub struct Ledger {
    key: String,
    accepted: Mutex<Vec<Accepted>>,
    answers: watch::Sender<u64>,
    /// Requests for a code.
    pub requests: Calls,
    /// Attempts that got a verdict.
    pub verifications: Calls,
    /// Right codes.
    pub logins: Calls,
}

impl Ledger {
    /// An empty one of the customer with this key.
    pub fn of(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            accepted: Mutex::default(),
            answers: watch::Sender::default(),
            requests: Calls::default(),
            verifications: Calls::default(),
            logins: Calls::default(),
        }
    }

    /// Waits until clients have got `more` answers than now.
    pub async fn answers(&self, more: u64) {
        let enough = *self.answers.borrow() + more;
        // The sender is this ledger's own.
        self.answers.subscribe().wait_for(|answers| *answers >= enough).await.unwrap();
    }

    /// Calls of any kind whose answer never came.
    pub fn unanswered(&self) -> u64 {
        [&self.requests, &self.verifications].map(|calls| calls.unanswered.load(Ordering::SeqCst)).iter().sum()
    }

    /// The addresses whose requests were answered.
    pub fn addresses(&self) -> Vec<String> {
        self.accepted.lock().unwrap().iter().map(|accepted| accepted.email.clone()).collect()
    }

    /// Asks for a code, tries two wrong ones and the right one, each call at the next of `servers`.
    /// Answers nothing as soon as a call gets no answer, or it is time to close.
    pub async fn cycle(
        &self,
        servers: &[impl AsRef<Server>],
        sink: &SmtpSink,
        email: String,
        closing: &Closing,
    ) -> Option<()> {
        let mut servers = servers.iter().map(AsRef::as_ref).cycle();
        if closing.is_now() {
            return None;
        }
        let asked = self.request(servers.next()?, &email).await?;
        let place = {
            let mut accepted = self.accepted.lock().unwrap();
            let id = asked["challengeId"].clone();
            accepted.push(Accepted { id, email: email.clone(), left: 5, unsure: None, token: None });
            accepted.len() - 1
        };
        let code = closing.or(code(sink, &email)).await?;
        for otp in [other_than(&code), other_than(&code), &code] {
            if closing.is_now() {
                return None;
            }
            let right = otp == code;
            self.accepted.lock().unwrap()[place].unsure = Some(if right { Unsure::Right } else { Unsure::Wrong });
            let answer = self.present(servers.next()?, &asked["challengeId"], otp, right).await?;
            let accepted = &mut self.accepted.lock().unwrap()[place];
            accepted.unsure = None;
            accepted.token = answer.get("token").cloned();
            accepted.left = answer["remainingAttempts"].as_u64().unwrap_or(accepted.left);
        }
        Some(())
    }

    async fn request(&self, server: &Server, email: &str) -> Option<Value> {
        let unanswered = Unanswered(&[&self.requests]);
        let body = json!({ "email": email });
        let (status, body) = server.post("/auth/request-otp", &self.key, body).await.ok().filter(is_sure)?;
        assert_eq!(status, 200, "{body}");
        unanswered.resolve(&[&self.requests]);
        self.answers.send_modify(|answers| *answers += 1);
        Some(body)
    }

    async fn present(&self, server: &Server, challenge: &Value, otp: &str, right: bool) -> Option<Value> {
        let both = [&self.verifications, &self.logins];
        let unanswered = Unanswered(if right { &both } else { &both[..1] });
        let body = json!({ "challengeId": challenge, "otp": otp });
        let (status, body) = server.post("/auth/verify-otp", &self.key, body).await.ok().filter(is_sure)?;
        let counted = match (status, body["code"].as_str()) {
            (200, _) => &both,
            (_, Some("otp_invalid")) => &both[..1],
            _ => &[],
        };
        unanswered.resolve(counted);
        self.answers.send_modify(|answers| *answers += 1);
        Some(body)
    }

    /// Compares everything told so far with what `server` knows, and forgets it: a code asked for has
    /// its mail and still works, an attempt spent stays spent, nobody is let in twice, and who was let
    /// in has a session.
    ///
    /// # Panics
    /// When anything was lost, refunded or doubled.
    pub async fn audit(&self, server: &Server, sink: &SmtpSink) {
        let all = std::mem::take(&mut *self.accepted.lock().unwrap());
        join_all(all.iter().map(async |accepted| {
            let code = code(sink, &accepted.email).await;
            self.audit_one(server, accepted, &code).await;
        }))
        .await;
    }

    async fn audit_one(&self, server: &Server, accepted: &Accepted, code: &str) {
        let present = async |otp: &str| {
            let answer = self.present(server, &accepted.id, otp, otp == code).await;
            answer.unwrap_or_else(|| panic!("no answer on {accepted:?}"))
        };
        let answer = present(other_than(code)).await;
        let died_with_it = accepted.unsure == Some(Unsure::Right) && answer["code"] == "otp_expired";
        if accepted.token.is_some() || died_with_it {
            assert_eq!(answer["code"], "otp_expired", "a second chance: {accepted:?} {answer}");
            assert_eq!(present(code).await["code"], "otp_expired", "a second success: {accepted:?}");
        } else {
            let left = answer["remainingAttempts"].as_u64().unwrap_or_else(|| panic!("lost: {accepted:?} {answer}"));
            let spent_unseen = u64::from(accepted.unsure.is_some());
            assert!(
                (accepted.left - 1 - spent_unseen..accepted.left).contains(&left),
                "refunded or overspent: {accepted:?} {left}"
            );
            assert_eq!(present(code).await["success"], true, "{accepted:?}");
            assert_eq!(present(code).await["code"], "otp_expired", "a second success: {accepted:?}");
        }
        if let Some(token) = &accepted.token {
            assert_eq!(server.me(token).await.0, 200, "a lost session: {accepted:?}");
        }
    }
}

/// A call under way: counted as unanswered if it is dropped before its answer has come.
struct Unanswered<'a>(&'a [&'a Calls]);

impl Unanswered<'_> {
    fn resolve(mut self, counted: &[&Calls]) {
        self.0 = &[];
        for calls in counted {
            calls.answered.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        for calls in self.0 {
            calls.unanswered.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Whether an answer tells what has become of the call.
fn is_sure((status, _): &(u16, Value)) -> bool {
    *status < 500
}

/// A code that is not `code`.
fn other_than(code: &str) -> &'static str {
    if code == "000000000" { "000000001" } else { "000000000" }
}
