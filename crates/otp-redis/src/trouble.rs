//! Errors on their way to a [`Fault`].

use otp_core::fault::{Fault, FaultKind};
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// `error` as the verb `op` answers it. Its text names no key and no value: Redis does not repeat them.
pub(crate) fn fault(op: &'static str, error: RedisError) -> Fault {
    match kind_of(&error) {
        FaultKind::Unavailable => Fault::unavailable(op, error),
        FaultKind::Corrupt => Fault::corrupt(op, error),
        FaultKind::Misconfigured => Fault::misconfigured(op, error),
        FaultKind::Denied => Fault::denied(op, error),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the list is the library's, and grows")]
fn kind_of(error: &RedisError) -> FaultKind {
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm) => FaultKind::Denied,
        ErrorKind::InvalidClientConfig | ErrorKind::Server(ServerErrorKind::CrossSlot | ServerErrorKind::Moved) => {
            FaultKind::Misconfigured
        }
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => FaultKind::Corrupt,
        ErrorKind::Extension | ErrorKind::Server(ServerErrorKind::ResponseError) => by_code(error.code()),
        // Io, loading, a replica, a script that was stopped: all that may work again later.
        _ => FaultKind::Unavailable,
    }
}

/// By the first word of what the server says.
fn by_code(code: Option<&str>) -> FaultKind {
    match code {
        // Out of memory, busy with a script, cannot write to its disk, too few replicas.
        Some("OOM" | "BUSY" | "MISCONF" | "NOREPLICAS" | "UNBLOCKED") => FaultKind::Unavailable,
        Some("NOAUTH" | "WRONGPASS" | "NOPERM") => FaultKind::Denied,
        _ => FaultKind::Corrupt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_does_not() {
        let io = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        assert_eq!(kind_of(&io), FaultKind::Unavailable);
        assert_eq!(kind_of(&RedisError::from((ErrorKind::AuthenticationFailed, "no"))), FaultKind::Denied);
        assert_eq!(by_code(Some("OOM")), FaultKind::Unavailable);
        assert_eq!(by_code(Some("NOAUTH")), FaultKind::Denied);
        assert_eq!(by_code(Some("WRONGTYPE")), FaultKind::Corrupt);
    }
}
