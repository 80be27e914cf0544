//! The chain of providers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use otp_core::id::MailId;
use otp_core::mail::OutgoingMail;
use otp_core::port::{Delivery, MailTrouble, Mailer};
use otp_core::time::Timestamp;
use otp_email::Failover;
use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};

use crate::sample::{NOW, mail, smtp};

/// Answers as told; then as last told.
struct Told {
    answers: Mutex<VecDeque<Option<Delivery>>>,
    well: bool,
    sends: Mutex<Vec<MailId>>,
    checks: Mutex<usize>,
}

impl Told {
    /// `None` is to never answer.
    fn new<const N: usize>(well: bool, answers: [Option<Delivery>; N]) -> Arc<Self> {
        let answers = Mutex::new(answers.into());
        Arc::new(Self { answers, well, sends: Mutex::default(), checks: Mutex::default() })
    }

    fn always(answer: Delivery) -> Arc<Self> {
        Self::new(false, [Some(answer)])
    }

    fn sends(&self) -> usize {
        self.sends.lock().unwrap().len()
    }
}

#[async_trait]
impl Mailer for Told {
    async fn send(&self, mail: &OutgoingMail, _now: Timestamp) -> Delivery {
        self.sends.lock().unwrap().push(mail.id);
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
        };
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    async fn check(&self, _now: Timestamp) -> Result<(), MailTrouble> {
        *self.checks.lock().unwrap() += 1;
        if self.well { Ok(()) } else { Err(MailTrouble("told to be unwell".to_owned())) }
    }
}

fn chain<const N: usize>(providers: [&Arc<Told>; N]) -> Failover {
    let named = |(place, provider): (usize, &Arc<Told>)| (format!("p{place}"), provider.clone() as Arc<dyn Mailer>);
    Failover::new(providers.into_iter().enumerate().map(named))
}

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

const THROTTLED: Delivery = Delivery::Throttled(Some(Duration::from_secs(60)));

#[tokio::test]
async fn the_next_is_asked_with_the_same_mail() {
    for answer in [THROTTLED, Delivery::Throttled(None), Delivery::Transient, Delivery::RejectedConfig] {
        let (first, second, third) =
            (Told::always(answer.clone()), Told::always(Delivery::Sent), Told::always(Delivery::Sent));
        assert_eq!(chain([&first, &second, &third]).send(&mail(), NOW).await, Delivery::Sent, "{answer:?}");
        assert_eq!(*first.sends.lock().unwrap(), [mail().id]);
        assert_eq!(*second.sends.lock().unwrap(), [mail().id]);
        assert_eq!(third.sends(), 0);
    }
}

#[tokio::test]
async fn a_bad_recipient_is_final() {
    let (first, second) = (Told::always(Delivery::BadRecipient), Told::always(Delivery::Sent));
    assert_eq!(chain([&first, &second]).send(&mail(), NOW).await, Delivery::BadRecipient);
    assert_eq!(second.sends(), 0);
}

#[tokio::test]
async fn of_all_refusals_the_most_hopeful_is_answered() {
    use Delivery::{RejectedConfig, Throttled, Transient};
    let minute = |minutes: u64| Throttled(Some(Duration::from_secs(60 * minutes)));
    for (answers, expected) in [
        ([RejectedConfig, RejectedConfig], RejectedConfig),
        ([RejectedConfig, minute(1)], minute(1)),
        ([minute(2), minute(1)], minute(1)),
        ([minute(1), Throttled(None)], Throttled(Some(Duration::from_secs(10)))),
        ([minute(1), Transient], Transient),
        ([Transient, RejectedConfig], Transient),
    ] {
        for answers in [answers.clone(), {
            let [a, b] = answers;
            [b, a]
        }] {
            let [first, second] = answers.clone().map(Told::always);
            assert_eq!(chain([&first, &second]).send(&mail(), NOW).await, expected, "{answers:?}");
        }
    }
    assert_eq!(chain([]).send(&mail(), NOW).await, RejectedConfig);
}

#[tokio::test]
async fn a_throttled_provider_is_left_alone_until_its_pause_is_over() {
    let first = Told::new(true, [Some(THROTTLED), Some(Delivery::Sent)]);
    let second = Told::always(Delivery::RejectedConfig);
    let chain = chain([&first, &second]);
    assert_eq!(chain.send(&mail(), NOW).await, THROTTLED);
    assert_eq!(chain.send(&mail(), at(20)).await, Delivery::Throttled(Some(Duration::from_secs(40))));
    assert_eq!(first.sends(), 1);
    assert_eq!(chain.send(&mail(), at(61)).await, Delivery::Sent);
    assert_eq!(first.sends(), 2);
}

#[tokio::test]
async fn five_failures_break_it_and_one_trial_mends_it() {
    for failure in [Delivery::Transient, Delivery::RejectedConfig] {
        let fails = [(); 6].map(|()| Some(failure.clone()));
        let [a, b, c, d, e, f] = fails;
        let first = Told::new(false, [a, b, c, d, e, f, Some(Delivery::Sent)]);
        let chain = chain([&first]);
        for _ in 0..5 {
            assert_eq!(chain.send(&mail(), NOW).await, failure);
        }
        assert_eq!(*first.checks.lock().unwrap(), 1);
        assert_eq!(chain.send(&mail(), at(0)).await, Delivery::Transient);
        assert_eq!(first.sends(), 5, "skipped");
        assert_eq!(chain.send(&mail(), at(1)).await, failure, "the trial");
        assert_eq!(chain.send(&mail(), at(1 + 1)).await, Delivery::Transient);
        assert_eq!(first.sends(), 6, "skipped for twice as long");
        assert_eq!(chain.send(&mail(), at(1 + 2)).await, Delivery::Sent);
        assert_eq!(chain.send(&mail(), at(1 + 2)).await, Delivery::Sent);
    }
}

#[tokio::test]
async fn while_a_trial_runs_nobody_else_asks() {
    let first = Told::new(
        false,
        [
            Some(Delivery::Transient),
            Some(Delivery::Transient),
            Some(Delivery::Transient),
            Some(Delivery::Transient),
            Some(Delivery::Transient),
            None,
        ],
    );
    let chain = chain([&first]);
    for _ in 0..5 {
        chain.send(&mail(), NOW).await;
    }
    let trial_mail = mail();
    let mut trial = Box::pin(chain.send(&trial_mail, at(31)));
    assert!(futures::poll!(trial.as_mut()).is_pending());
    assert_eq!(chain.send(&mail(), at(31)).await, Delivery::Transient);
    assert_eq!(first.sends(), 6);
}

#[tokio::test]
async fn failures_of_a_provider_that_is_well_do_not_break_it() {
    let first = Told::new(true, [Some(Delivery::Transient)]);
    let chain = chain([&first]);
    for sends in 1..=23 {
        assert_eq!(chain.send(&mail(), NOW).await, Delivery::Transient);
        assert_eq!(first.sends(), sends, "asked every time");
    }
    assert_eq!(*first.checks.lock().unwrap(), 4, "every fifth");
}

#[tokio::test(start_paused = true)]
async fn those_who_hang_leave_time_for_the_rest() {
    let (first, second, third) = (Told::new(false, [None]), Told::new(false, [None]), Told::always(Delivery::Sent));
    let begun = tokio::time::Instant::now();
    let full = chain([&first, &second, &third]);
    assert_eq!(full.send(&mail(), NOW).await, Delivery::Sent);
    assert!(begun.elapsed() < Duration::from_secs(20));
    let begun = tokio::time::Instant::now();
    let hanging = chain([&first, &second]);
    for _ in 0..5 {
        let begun = tokio::time::Instant::now();
        assert_eq!(hanging.send(&mail(), NOW).await, Delivery::Transient);
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
    assert!(begun.elapsed() > Duration::from_secs(100));
    assert_eq!(hanging.send(&mail(), NOW).await, Delivery::Transient);
    assert_eq!((first.sends(), second.sends()), (6, 6), "both are skipped now");
    // Broken is counted from when it was seen, not from when the send that saw it began.
    assert_eq!(hanging.send(&mail(), at(5)).await, Delivery::Transient);
    assert_eq!((first.sends(), second.sends()), (6, 6));
}

#[tokio::test]
async fn well_if_any_is() {
    let (well, unwell) = (Told::new(true, [None]), Told::new(false, [None]));
    assert_eq!(chain([&unwell, &well]).check(NOW).await, Ok(()));
    let trouble = chain([&unwell, &unwell]).check(NOW).await.unwrap_err();
    assert_eq!(trouble.to_string(), "p0: told to be unwell; p1: told to be unwell");
    assert_eq!(chain([]).check(NOW).await.unwrap_err().to_string(), "no mail provider is set up");
}

#[tokio::test]
async fn two_relays() {
    let (one, other) = (SmtpSink::start().await.unwrap(), SmtpSink::start().await.unwrap());
    let pair: [(String, Arc<dyn Mailer>); 2] =
        [("one".to_owned(), Arc::new(smtp(&one))), ("other".to_owned(), Arc::new(smtp(&other)))];
    let chain = Failover::new(pair);
    assert_eq!(chain.send(&mail(), NOW).await, Delivery::Sent);
    one.next(Stage::Dot, Action::reply("451 4.3.0 later"));
    assert_eq!(chain.send(&mail(), NOW).await, Delivery::Sent);
    one.stop().await;
    assert_eq!(chain.send(&mail(), NOW).await, Delivery::Sent);
    let id = |mail: &otp_testkit::smtp_sink::SunkMail| mail.header("Message-ID").unwrap().to_owned();
    let ids: Vec<_> = other.mails().iter().map(|mail| id(mail)).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| id.contains(&mail().id.to_string())));
}
