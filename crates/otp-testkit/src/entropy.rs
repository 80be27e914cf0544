//! Entropy that repeats: the same seed gives the same octets.

use std::sync::atomic::{AtomicU64, Ordering};

use otp_core::fault::Res;
use otp_core::port::Entropy;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// SHA-256 over a seed and a counter. Predictable on purpose: for tests alone.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// The octets of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Res<()> {
        for chunk in buffer.chunks_mut(SHA256_OUTPUT_LEN) {
            let block = self.drawn.fetch_add(1, Ordering::SeqCst);
            let input = [self.seed.to_be_bytes(), block.to_be_bytes()].concat();
            chunk.copy_from_slice(&digest(&SHA256, &input).as_ref()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otp_core::port::EntropyExt;

    #[test]
    fn a_seed_repeats_and_its_draws_do_not() {
        let (one, same, other) = (SeededEntropy::new(7), SeededEntropy::new(7), SeededEntropy::new(8));
        let first = one.bytes::<40>().unwrap();
        assert_eq!(first, same.bytes::<40>().unwrap());
        assert_ne!(first, other.bytes::<40>().unwrap());
        assert_ne!(first, one.bytes::<40>().unwrap());
        assert_ne!(first[..8], first[32..]);
    }
}
