//! Whether a provider is worth asking now. Pure: told the time, tells the answer.

use std::time::Duration;

use otp_core::time::Timestamp;

/// Every so many failures in a row somebody has to look at the provider.
const FAILURES: u32 = 5;
/// How long a provider found unwell is skipped at first, and at most. Codes live for minutes and
/// people wait for them: a provider that is back must be noticed within seconds.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(8);
/// How long the result of a trial is waited for before another is made: longer than any send takes, and
/// an end at all because whoever made the trial may have been dropped.
const TRIAL: Duration = Duration::from_secs(30);

/// Leave to ask a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// As usual.
    Usual,
    /// As the one that finds out whether a broken provider works again.
    Trial,
}

/// What to do with a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Ask the provider.
    Pass(Pass),
    /// Skip it: it wants a pause, of which this is left.
    Paused(Duration),
    /// Skip it: it is broken.
    Broken,
}

/// What is known of one provider.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    paused_until: Option<Timestamp>,
    broken: Option<Broken>,
}

#[derive(Debug)]
struct Broken {
    until: Timestamp,
    span: Duration,
}

impl Breaker {
    /// Whether to ask the provider at `now`. Of those who come once a broken one's time is over, one gets the trial.
    pub(super) fn admit(&mut self, now: Timestamp) -> Admission {
        if let Some(until) = self.paused_until.filter(|until| now < *until) {
            return Admission::Paused(now.until(until));
        }
        match &mut self.broken {
            None => Admission::Pass(Pass::Usual),
            Some(broken) if now < broken.until => Admission::Broken,
            Some(broken) => {
                broken.until = now.plus(TRIAL);
                Admission::Pass(Pass::Trial)
            }
        }
    }

    /// The provider works.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
        self.broken = None;
    }

    /// The provider works, and asks to be left alone.
    pub(super) fn throttled(&mut self, now: Timestamp, pause: Duration) {
        self.worked();
        self.paused_until = self.paused_until.max(Some(now.plus(pause)));
    }

    /// The provider did not take a mail; answers whether somebody has to look at it now.
    pub(super) fn failed(&mut self, pass: Pass) -> bool {
        self.failures = self.failures.saturating_add(1);
        pass == Pass::Trial || (self.broken.is_none() && self.failures.is_multiple_of(FAILURES))
    }

    /// The provider was found unwell by the holder of `pass`.
    pub(super) fn broke(&mut self, pass: Pass, now: Timestamp) {
        let span = match (&self.broken, pass) {
            // Others saw it first; only a trial tells anything new.
            (Some(_), Pass::Usual) => return,
            (Some(broken), Pass::Trial) => (broken.span * 2).min(LONGEST),
            (None, _) => FIRST,
        };
        self.broken = Some(Broken { until: now.plus(span), span });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn at(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn broken_at(now: Timestamp) -> Breaker {
        let mut breaker = Breaker::default();
        let looks: Vec<bool> = (0..5).map(|_| breaker.failed(Pass::Usual)).collect();
        assert_eq!(looks, [false, false, false, false, true]);
        breaker.broke(Pass::Usual, now);
        breaker
    }

    #[test]
    fn one_trial_when_the_time_is_over() {
        let mut breaker = broken_at(at(0));
        assert_eq!(breaker.admit(at(1).minus(Duration::from_millis(1))), Admission::Broken);
        assert_eq!(breaker.admit(at(1)), Admission::Pass(Pass::Trial));
        assert_eq!(breaker.admit(at(1)), Admission::Broken);
        breaker.worked();
        assert_eq!(breaker.admit(at(1)), Admission::Pass(Pass::Usual));
    }

    #[test]
    fn each_failed_trial_doubles_the_time_up_to_its_bound() {
        let mut breaker = broken_at(at(0));
        let mut now = at(1);
        for span in [2, 4, 8, 8] {
            assert_eq!(breaker.admit(now), Admission::Pass(Pass::Trial));
            assert!(breaker.failed(Pass::Trial));
            breaker.broke(Pass::Trial, now);
            let end = now.plus(Duration::from_secs(span));
            assert_eq!(breaker.admit(end.minus(Duration::from_millis(1))), Admission::Broken);
            now = end;
        }
        breaker.worked();
        assert_eq!(broken_at(now).admit(now.plus(FIRST)), Admission::Pass(Pass::Trial));
    }

    #[test]
    fn a_trial_nobody_reports_on_is_made_again() {
        let mut breaker = broken_at(at(0));
        assert_eq!(breaker.admit(at(1)), Admission::Pass(Pass::Trial));
        assert_eq!(breaker.admit(at(30)), Admission::Broken);
        assert_eq!(breaker.admit(at(31)), Admission::Pass(Pass::Trial));
    }

    #[test]
    fn late_failures_do_not_make_it_longer() {
        let mut breaker = broken_at(at(0));
        for _ in 0..20 {
            assert!(!breaker.failed(Pass::Usual));
            breaker.broke(Pass::Usual, at(10));
        }
        assert_eq!(breaker.admit(at(1)), Admission::Pass(Pass::Trial));
    }

    #[test]
    fn a_success_in_between_starts_the_count_anew() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert!(!breaker.failed(Pass::Usual));
        }
        breaker.worked();
        assert!((0..4).all(|_| !breaker.failed(Pass::Usual)));
    }

    #[test]
    fn a_pause_is_kept_to_its_end_and_never_shortened() {
        let mut breaker = broken_at(at(0));
        breaker.throttled(at(0), Duration::from_secs(60));
        breaker.throttled(at(1), Duration::from_secs(5));
        assert_eq!(breaker.admit(at(59)), Admission::Paused(Duration::from_secs(1)));
        assert_eq!(breaker.admit(at(60)), Admission::Pass(Pass::Usual));
    }
}
