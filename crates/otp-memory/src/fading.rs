//! A map whose entries end, and are forgotten some time after.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use otp_core::time::Timestamp;

/// How long an ended entry is still held: a clock that steps back by less finds it alive again, as it
/// would in a store that forgets nothing.
const HELD: Duration = Duration::from_secs(3600);

/// Something with an end.
pub(crate) trait Ends {
    /// From when on it is as if it were not there.
    fn ends_at(&self) -> Timestamp;
}

/// Entries by key, each until its end.
pub(crate) struct Fading<K, V> {
    entries: BTreeMap<K, V>,
    /// Each key under an end its entry once had. Prolonging an entry costs nothing here: it is noted
    /// anew when the end noted is reached.
    noted: BTreeSet<(Timestamp, K)>,
}

impl<K, V> Default for Fading<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), noted: BTreeSet::new() }
    }
}

impl<K: Copy + Ord, V: Ends> Fading<K, V> {
    /// The entry of `key`, if its end is still to come.
    pub(crate) fn live(&self, key: &K, now: Timestamp) -> Option<&V> {
        self.entries.get(key).filter(|entry| now < entry.ends_at())
    }

    /// As [`live`](Self::live), to be changed.
    pub(crate) fn live_mut(&mut self, key: &K, now: Timestamp) -> Option<&mut V> {
        self.entries.get_mut(key).filter(|entry| now < entry.ends_at())
    }

    /// Keeps `entry` under `key`, in place of any before.
    pub(crate) fn keep(&mut self, key: K, entry: V) {
        let ends_at = entry.ends_at();
        if self.entries.insert(key, entry).is_none() {
            self.noted.insert((ends_at, key));
        }
    }

    /// Ends an entry before its time; answers it even if its time was over.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key)
    }

    /// Drops the entries whose end is long past; answers them.
    pub(crate) fn forget(&mut self, now: Timestamp) -> Vec<V> {
        let mut forgotten = Vec::new();
        while let Some((noted, key)) = self.noted.first().copied()
            && noted.plus(HELD) <= now
        {
            self.noted.pop_first();
            if let Entry::Occupied(entry) = self.entries.entry(key) {
                let ends_at = entry.get().ends_at();
                if ends_at.plus(HELD) <= now {
                    forgotten.push(entry.remove());
                } else {
                    self.noted.insert((ends_at, key));
                }
            }
        }
        forgotten
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Until(i64);

    impl Ends for Until {
        fn ends_at(&self) -> Timestamp {
            Timestamp::from_millis(self.0)
        }
    }

    fn long_after(end: i64) -> Timestamp {
        Timestamp::from_millis(end).plus(HELD)
    }

    fn just_before(at: Timestamp) -> Timestamp {
        at.minus(Duration::from_millis(1))
    }

    #[test]
    fn an_entry_is_dead_at_its_end_and_dropped_long_after() {
        let mut map = Fading::default();
        map.keep(1, Until(10));
        assert!(map.live(&1, Timestamp::from_millis(9)).is_some());
        assert!(map.live(&1, Timestamp::from_millis(10)).is_none());

        assert!(map.forget(just_before(long_after(10))).is_empty());
        assert!(map.live(&1, Timestamp::from_millis(9)).is_some(), "a clock that stepped back");
        assert_eq!(map.forget(long_after(10)), [Until(10)]);
        assert!(map.entries.is_empty() && map.noted.is_empty());
    }

    #[test]
    fn a_prolonged_entry_is_dropped_by_its_new_end() {
        let mut map = Fading::default();
        map.keep(1, Until(10));
        map.keep(1, Until(20));
        assert!(map.forget(just_before(long_after(20))).is_empty());
        assert_eq!(map.forget(long_after(20)), [Until(20)]);
        assert!(map.entries.is_empty() && map.noted.is_empty());
    }

    #[test]
    fn nothing_is_left_of_an_entry_ended_early() {
        let mut map = Fading::default();
        map.keep(1, Until(10));
        assert_eq!(map.remove(&1), Some(Until(10)));
        map.keep(1, Until(30));
        assert!(map.forget(long_after(10)).is_empty());
        assert_eq!(map.forget(long_after(30)), [Until(30)]);
        assert!(map.entries.is_empty() && map.noted.is_empty());
    }
}
