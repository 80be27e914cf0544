//! Buckets of durations: fixed, so that those of several processes and minutes can be added up.

use std::time::Duration;

/// Buckets that one has to go up for twice the duration: each ends about a tenth above the one before.
const PER_DOUBLING: f64 = 8.0;

/// About how long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u8);

impl Bucket {
    /// The one `duration` belongs to; what takes longer than an hour belongs to the last.
    pub fn of(duration: Duration) -> Self {
        let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
        // Whole and within range: the logarithm of the largest is 32, and of the least 0.
        Self((f64::from(micros.max(1)).log2() * PER_DOUBLING).min(255.0) as u8)
    }

    /// What a duration in it is taken for, in microseconds: its middle.
    pub fn micros(self) -> u64 {
        (f64::from(self.0) / PER_DOUBLING + 0.5 / PER_DOUBLING).exp2() as u64
    }

    /// As it is written in rows.
    pub const fn as_u8(self) -> u8 {
        self.0
    }

    /// From a row.
    pub const fn from_u8(number: u8) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_narrow_and_knows_its_order() {
        let mut before = Bucket(0);
        for micros in (0..34).map(|power| 1u64 << power).chain([3, 1_000, 12_345, 999_999]) {
            let bucket = Bucket::of(Duration::from_micros(micros));
            if (8..1 << 31).contains(&micros) {
                let ratio = bucket.micros() as f64 / micros as f64;
                assert!((0.9..1.1).contains(&ratio), "{micros} µs are taken for {}", bucket.micros());
            }
            if micros.is_power_of_two() {
                assert!(bucket >= before);
                before = bucket;
            }
        }
        assert_eq!(Bucket::of(Duration::ZERO), Bucket(0));
        assert_eq!(Bucket::of(Duration::MAX), Bucket(255));
    }
}
