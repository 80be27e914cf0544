//! The sliding log: when units were drawn, in bounded space, erring on the side of refusing.

use super::{Draw, Usage, Window};
use crate::time::Timestamp;

/// Entries a log may have. Up to this many draws in a window it is exact to the millisecond; beyond,
/// neighbours are merged into the later of the two, so a unit may come back late but never early. By the
/// calendar all units come back together, and one entry is enough.
const MAX_ENTRIES: usize = 64;
/// Octets of an encoded entry: its time and its count, both big endian.
const ENTRY_LEN: usize = 12;

/// When units of one limit were drawn, as its [`Window`] notes it: `(at, count)`, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log(Vec<(Timestamp, u32)>);

impl Log {
    /// As octets for a store to keep; at most 768.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * ENTRY_LEN);
        for (at, count) in &self.0 {
            bytes.extend_from_slice(&at.as_millis().to_be_bytes());
            bytes.extend_from_slice(&count.to_be_bytes());
        }
        bytes
    }

    /// From what a store kept, or nothing if that is not whole.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks::<ENTRY_LEN>();
        let [] = rest else { return None };
        let entry = |entry: &[u8; ENTRY_LEN]| {
            let (at, count) = entry.split_at(8);
            let at = i64::from_be_bytes(at.try_into().ok()?);
            Some((Timestamp::from_millis(at), u32::from_be_bytes(count.try_into().ok()?)))
        };
        entries.iter().map(entry).collect::<Option<_>>().map(Self)
    }

    /// From when on nothing in it counts any more: a store may forget it then.
    pub fn forget_at(&self, window: Window) -> Option<Timestamp> {
        self.0.last().map(|(at, _)| at.plus(window.after()))
    }

    /// How the limit of `draw` stands.
    pub(super) fn usage(&self, draw: &Draw, now: Timestamp) -> Usage {
        let Draw { limit, window, .. } = *draw;
        let counted = self.counted(window, now);
        let drawn = counted.iter().fold(0u32, |sum, (_, count)| sum.saturating_add(*count));
        // More may be drawn than the limit holds now, if it was lowered since: then only the return
        // of the surplus frees a unit.
        let surplus = drawn.saturating_sub(limit);
        let mut returned = 0u32;
        let next = counted.iter().find(|(_, count)| {
            returned = returned.saturating_add(*count);
            returned > surplus
        });
        // A limit of zero never frees up; its window is the longest anybody is told to wait.
        let resets_at = match next {
            Some((at, _)) => at.plus(window.after()),
            None if limit == 0 => window.end(now),
            None => now,
        };
        Usage { rule: draw.key.rule, limit, window, drawn, resets_at }
    }

    /// Counts one unit at `now`.
    pub(super) fn spend(&mut self, window: Window, now: Timestamp) {
        let past = self.0.len() - self.counted(window, now).len();
        self.0.drain(..past);
        let noted = window.noted(now);
        // A clock that stepped back must not put entries out of order; the later time is the safe one.
        let at = self.0.last().map_or(noted, |(last, _)| (*last).max(noted));
        match self.0.last_mut() {
            Some((last, count)) if *last == at => *count = count.saturating_add(1),
            _ => self.0.push((at, 1)),
        }
        if self.0.len() > MAX_ENTRIES {
            self.merge_closest();
        }
    }

    /// The entries that have not left the window.
    fn counted(&self, window: Window, now: Timestamp) -> &[(Timestamp, u32)] {
        let past = self.0.partition_point(|(at, _)| at.plus(window.after()) <= now);
        &self.0[past..]
    }

    fn merge_closest(&mut self) {
        let gap = |pair: &[(Timestamp, u32)]| pair[0].0.until(pair[1].0);
        let closest = self.0.windows(2).enumerate().min_by_key(|(_, pair)| gap(pair)).map(|(place, _)| place);
        if let Some(place) = closest {
            let (_, count) = self.0.remove(place);
            self.0[place].1 = self.0[place].1.saturating_add(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::id::TenantId;
    use crate::keys::Subject;
    use crate::limit::{Admission, LimitKey, Rule, decide};
    use crate::realm::Realm;
    use proptest::prelude::*;

    fn draw(limit: u32, window: u64) -> Draw {
        let key = LimitKey {
            realm: Realm::live(TenantId::from_u128(1)),
            rule: Rule::EmailHour,
            subject: Subject::from_bytes([0; 32]),
        };
        Draw::new(key, limit, Window::Sliding(Duration::from_millis(window)))
    }

    fn admits(draws: &[Draw], logs: &mut [Log], now: i64) -> bool {
        matches!(decide(draws, logs, Timestamp::from_millis(now)), Admission::Admitted(_))
    }

    #[test]
    fn a_unit_comes_back_exactly_a_window_later() {
        let (draws, mut logs) = ([draw(2, 1000)], [Log::default()]);
        assert!(admits(&draws, &mut logs, 0));
        assert!(admits(&draws, &mut logs, 400));
        assert!(!admits(&draws, &mut logs, 999));
        assert!(admits(&draws, &mut logs, 1000));
        assert!(!admits(&draws, &mut logs, 1399));
        assert!(admits(&draws, &mut logs, 1400));
    }

    #[test]
    fn the_refused_are_told_when_to_come_back() {
        let (draws, mut logs) = ([draw(1, 500), draw(1, 1000)], [Log::default(), Log::default()]);
        assert!(admits(&draws, &mut logs, 0));
        let Admission::Refused { usage, by } = decide(&draws, &mut logs, Timestamp::from_millis(100)) else {
            panic!("admitted")
        };
        assert_eq!((by, usage[1].remaining(), usage[1].resets_at.as_millis()), (1, 0, 1000));
    }

    #[test]
    fn a_lowered_limit_waits_for_the_surplus() {
        let mut logs = [Log::default()];
        for at in [0, 10, 20] {
            assert!(admits(&[draw(3, 1000)], &mut logs, at));
        }
        let usage = logs[0].usage(&draw(2, 1000), Timestamp::from_millis(30));
        assert_eq!((usage.drawn, usage.remaining(), usage.resets_at.as_millis()), (3, 0, 1010));
        assert!(!admits(&[draw(2, 1000)], &mut logs, 1000));
        assert!(admits(&[draw(2, 1000)], &mut logs, 1010));
    }

    #[test]
    fn a_limit_of_zero_admits_nothing() {
        assert!(!admits(&[draw(0, 1000)], &mut [Log::default()], 0));
    }

    const DAY: i64 = 86_400_000;

    fn daily(limit: u32) -> Draw {
        Draw { window: Window::UtcDay, ..draw(limit, 0) }
    }

    #[test]
    fn by_the_calendar_all_units_come_back_when_the_day_ends() {
        let (draws, mut logs) = ([daily(2)], [Log::default()]);
        assert!(admits(&draws, &mut logs, DAY - 2));
        assert!(admits(&draws, &mut logs, DAY - 1));
        assert!(!admits(&draws, &mut logs, DAY - 1));
        let usage = logs[0].usage(&draws[0], Timestamp::from_millis(DAY - 1));
        assert_eq!((usage.drawn, usage.resets_at.as_millis()), (2, DAY));
        assert_eq!(logs[0].forget_at(Window::UtcDay), Some(Timestamp::from_millis(DAY)));
        assert!(admits(&draws, &mut logs, DAY));
        assert!(admits(&draws, &mut logs, 2 * DAY - 1));
        assert!(!admits(&draws, &mut logs, 2 * DAY - 1));
        assert!(!admits(&draws, &mut logs, DAY - 1), "a clock that stepped back");
    }

    #[test]
    fn a_month_is_as_long_as_it_is() {
        let month = |now| Window::UtcMonth.length(Timestamp::from_millis(now)).as_secs() / 86_400;
        assert_eq!([month(0), month(31 * DAY), month(59 * DAY), month(90 * DAY)], [31, 28, 31, 30]);
        let january = Draw { window: Window::UtcMonth, ..draw(1, 0) };
        let (draws, mut logs) = ([january], [Log::default()]);
        assert!(admits(&draws, &mut logs, 0));
        assert!(!admits(&draws, &mut logs, 31 * DAY - 1));
        assert!(admits(&draws, &mut logs, 31 * DAY));
        assert!(!admits(&draws, &mut logs, 59 * DAY - 1));
        assert!(admits(&draws, &mut logs, 59 * DAY));
    }

    #[test]
    fn haste_is_told_before_a_quota_that_frees_up_later() {
        let mut quota = daily(0);
        quota.key.rule = Rule::QuotaDay;
        for (draws, told) in
            [([quota.clone(), draw(0, 10)], 1), ([draw(0, 10), quota.clone()], 0), ([draw(1, 10), quota], 1)]
        {
            let Admission::Refused { by, .. } =
                decide(&draws, &mut [Log::default(), Log::default()], Timestamp::from_millis(0))
            else {
                panic!("admitted")
            };
            assert_eq!(by, told);
        }
    }

    proptest! {
        /// Against the definition: never more than `limit` admitted in any window, and up to 64
        /// units exactly as many.
        #[test]
        fn agrees_with_the_definition(limit in 1u32..100, steps in prop::collection::vec(0i64..60, 1..300)) {
            let (draws, mut logs) = ([draw(limit, 1000)], [Log::default()]);
            let (mut now, mut admitted) = (0, Vec::<i64>::new());
            for step in steps {
                now += step;
                let in_window = admitted.iter().filter(|at| **at + 1000 > now).count();
                let fits = in_window < limit as usize;
                let was = admits(&draws, &mut logs, now);
                prop_assert!(fits || !was, "over-admitted at {now}");
                if limit as usize <= MAX_ENTRIES {
                    prop_assert_eq!(was, fits);
                }
                if was {
                    admitted.push(now);
                }
                prop_assert!(logs[0].0.len() <= MAX_ENTRIES);
                prop_assert_eq!(Log::decode(&logs[0].encode()), Some(logs[0].clone()));
            }
        }

        /// Against the definition of a day: as many as it holds, and one entry however many those are.
        #[test]
        fn a_day_holds_what_it_holds(limit in 1u32..100, steps in prop::collection::vec(0i64..DAY / 30, 1..300)) {
            let (draws, mut logs) = ([daily(limit)], [Log::default()]);
            let (mut now, mut admitted) = (0, Vec::<i64>::new());
            for step in steps {
                now += step;
                let today = admitted.iter().filter(|at| **at / DAY == now / DAY).count();
                let was = admits(&draws, &mut logs, now);
                prop_assert_eq!(was, today < limit as usize);
                if was {
                    admitted.push(now);
                }
                prop_assert_eq!(logs[0].0.len(), 1);
            }
        }

        #[test]
        fn all_or_nothing(small in 1u32..5, large in 5u32..10, calls in 1usize..20) {
            let draws = [draw(large, 1000), draw(small, 1000)];
            let mut logs = [Log::default(), Log::default()];
            let admitted = (0..calls).filter(|_| admits(&draws, &mut logs, 5)).count();
            prop_assert_eq!(admitted, calls.min(small as usize));
            let spent: u32 = logs[0].0.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(spent as usize, admitted);
        }

        #[test]
        fn decoding_is_total(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(Log::decode(&bytes).is_some(), bytes.len().is_multiple_of(12));
        }

        #[test]
        fn clocks_may_step_back(times in prop::collection::vec(-5000i64..5000, 1..100)) {
            let (draws, mut logs) = ([draw(7, 1000)], [Log::default()]);
            for now in times {
                admits(&draws, &mut logs, now);
                prop_assert!(logs[0].0.is_sorted());
            }
        }
    }
}
