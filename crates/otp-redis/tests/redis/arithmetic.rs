//! The script decides as the domain does, whatever has been drawn before.

use std::time::Duration;

use otp_core::limit::{Admission, Draw, Log, Rule, decide, peek};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;
use otp_testkit::samples::{NOW, Samples};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fixture::limits;

const RULES: [Rule; 3] = [Rule::EmailHour, Rule::EmailDay, Rule::ClientHour];

/// A limit as the steps of one run find it.
#[derive(Debug, Clone)]
struct Kept {
    limit: u32,
    window: u64,
}

/// Time passes, or steps back; some of the limits are drawn, each lowered or raised by a little.
#[derive(Debug, Clone)]
struct Step {
    wait: i64,
    drawn: [bool; 3],
    moved: i64,
}

fn kept() -> impl Strategy<Value = [Kept; 3]> {
    let one = || (0u32..200, prop_oneof![1u64..50, 900u64..1100]);
    [one(), one(), one()].prop_map(|all| all.map(|(limit, window)| Kept { limit, window }))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let steps = |wait: BoxedStrategy<i64>, many: std::ops::Range<usize>| {
        let step = (wait, any::<[bool; 3]>(), -1i64..2);
        vec(step.prop_map(|(wait, drawn, moved)| Step { wait, drawn, moved }), many)
    };
    let jumping = prop_oneof![8 => 0i64..20, 1 => -30i64..0, 1 => 500i64..1200];
    // So many in one window that entries are merged, and then some time in which they come back.
    let crowded = prop_oneof![60 => 0i64..5, 1 => -30i64..0, 1 => 100i64..300];
    prop_oneof![steps(jumping.boxed(), 1..20), steps(crowded.boxed(), 200..300)]
}

#[test]
fn the_script_decides_as_the_domain_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(limits) = runtime.block_on(limits()) else { return };
    let samples = Samples::random();
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&(kept(), steps()), |(kept, steps)| {
        let realm = samples.realm();
        let draws = [0, 1, 2].map(|n| samples.draw(realm, RULES[n], kept[n].limit));
        let mut logs = [Log::default(), Log::default(), Log::default()];
        let mut now = NOW;
        for step in steps {
            now = Timestamp::from_millis(now.as_millis() + step.wait);
            let chosen: Vec<usize> = (0..3).filter(|n| step.drawn[*n]).collect();
            let drawn: Vec<Draw> = chosen.iter().map(|n| moved(&draws[*n], &kept[*n], step.moved)).collect();
            let mut before: Vec<Log> = chosen.iter().map(|n| logs[*n].clone()).collect();
            prop_assert_eq!(runtime.block_on(limits.usage(&drawn, now)).unwrap(), peek(&drawn, &before, now));
            let expected = decide(&drawn, &mut before, now);
            let answer = runtime.block_on(limits.acquire(drawn.clone(), now)).unwrap();
            prop_assert_eq!(&answer, &expected, "{:?} at {}", drawn, now);
            if matches!(expected, Admission::Admitted(_)) {
                for (n, log) in chosen.into_iter().zip(before) {
                    logs[n] = log;
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

fn moved(draw: &Draw, kept: &Kept, by: i64) -> Draw {
    let limit = u32::try_from(i64::from(kept.limit) + by).unwrap_or_default();
    Draw { limit, window: Duration::from_millis(kept.window), ..draw.clone() }
}
