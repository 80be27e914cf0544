//! How long to wait before a mail is tried again.

use std::time::Duration;

use crate::fault::Res;
use crate::port::{Entropy, EntropyExt};

/// The pause after the first failed try.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause: codes live minutes, so a provider that is back must be noticed soon.
const LONGEST: Duration = Duration::from_secs(10);

/// The pause after `failed` failed tries: doubling from half a second to 10 seconds, less up to a
/// fifth at random, so that mails that failed together do not return together.
pub(super) fn pause(failed: u32, entropy: &dyn Entropy) -> Res<Duration> {
    let doublings = failed.saturating_sub(1).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let [random] = entropy.bytes::<1>()?;
    Ok(whole - whole / 5 * u32::from(random) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn doubles_up_to_its_bound() {
        let entropy = SystemEntropy::default();
        for (failed, whole) in [(1, 500), (2, 1000), (3, 2000), (6, 10_000), (u32::MAX, 10_000)] {
            let pause = pause(failed, &entropy).unwrap().as_millis();
            assert!((whole * 4 / 5..=whole).contains(&pause), "{failed}: {pause}");
        }
    }
}
