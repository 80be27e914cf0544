//! What is derived from a master key: everything that is replaced with it.

use super::{Kid, MacKey, MasterKey, seal::SealKey};

/// The keys of one master key.
pub(super) struct Derived {
    pub(super) kid: Kid,
    pub(super) pepper: MacKey,
    pub(super) refresh: MacKey,
    pub(super) csrf: MacKey,
    pub(super) access: MacKey,
    pub(super) seal: SealKey,
}

impl Derived {
    pub(super) fn from(master: &MasterKey) -> Self {
        let kid = master.kid();
        Self {
            kid,
            pepper: MacKey::new(&master.derive("pepper")),
            refresh: MacKey::new(&master.derive("refresh")),
            csrf: MacKey::new(&master.derive("csrf")),
            access: MacKey::new(&master.derive("access-token")),
            seal: SealKey::new(kid, MacKey::new(&master.derive("seal"))),
        }
    }
}
