//! Takes the answer out of a port's result.

use std::error::Error;

use otp_core::fault::Res;

/// What a test does with a fault: it fails, and says why.
pub(crate) trait Answered<T> {
    /// The answer; panics with the fault and its causes if there is none.
    fn answered(self) -> T;
}

impl<T> Answered<T> for Res<T> {
    #[track_caller]
    fn answered(self) -> T {
        self.unwrap_or_else(|fault| {
            let mut told = fault.to_string();
            let mut cause = fault.source();
            while let Some(error) = cause {
                told = format!("{told}: {error}");
                cause = error.source();
            }
            panic!("the port faulted: {told}")
        })
    }
}
