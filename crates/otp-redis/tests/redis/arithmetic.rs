//! The script decides as the domain does, whatever has been drawn before.

use std::time::Duration;

use otp_core::limit::{Admission, Draw, Log, Rule, Window, decide, peek};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;
use otp_testkit::samples::{NOW, Samples};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fixture::limits;

const RULES: [Rule; 4] = [Rule::EmailHour, Rule::EmailDay, Rule::QuotaDay, Rule::QuotaMonth];
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A limit as the steps of one run find it.
#[derive(Debug, Clone)]
struct Kept {
    limit: u32,
    window: Window,
}

/// Time passes, or steps back; some of the limits are drawn, each lowered or raised by a little.
#[derive(Debug, Clone)]
struct Step {
    wait: i64,
    drawn: [bool; 4],
    moved: i64,
}

fn kept() -> impl Strategy<Value = [Kept; 4]> {
    let sliding = || prop_oneof![1u64..50, 900u64..1100].prop_map(|span| Window::Sliding(Duration::from_millis(span)));
    let limit = || prop_oneof![3 => 0u32..200, 1 => 0u32..4];
    (limit(), sliding(), limit(), sliding(), limit(), limit()).prop_map(|(first, one, second, other, day, month)| {
        [(first, one), (second, other), (day, Window::UtcDay), (month, Window::UtcMonth)]
            .map(|(limit, window)| Kept { limit, window })
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let steps = |wait: BoxedStrategy<i64>, many: std::ops::Range<usize>| {
        let step = (wait, any::<[bool; 4]>(), -1i64..2);
        vec(step.prop_map(|(wait, drawn, moved)| Step { wait, drawn, moved }), many)
    };
    // Across midnights and the ends of months, too, and back.
    let days = prop_oneof![-40 * DAY..40 * DAY, -DAY..DAY];
    let jumping = prop_oneof![16 => 0i64..20, 2 => -30i64..0, 2 => 500i64..1200, 1 => days];
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
        let draws = [0, 1, 2, 3].map(|n| samples.draw(realm, RULES[n], kept[n].limit));
        let mut logs: [Log; 4] = Default::default();
        let mut now = NOW;
        for step in steps {
            now = Timestamp::from_millis(now.as_millis() + step.wait);
            let chosen: Vec<usize> = (0..4).filter(|n| step.drawn[*n]).collect();
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
    Draw { limit, window: kept.window, ..draw.clone() }
}
