//! Configurations sealed anew: cases of [`TenantStore`](otp_core::port::TenantStore).

use std::sync::Arc;

use otp_core::port::{Replaced, Stores};
use otp_core::tenant::{Configured, Tenant};

use super::super::world::World;
use super::next;
use crate::answered::Answered;

/// A version is replaced where it is, whether it holds now or did before; no other changes, none comes to be, and the
/// tenant itself is left as it was.
pub async fn configurations_are_sealed_anew(stores: Stores) {
    let w = World::new(stores);
    let first = w.inserted().await;
    let other = w.inserted().await;
    let config = Arc::new(Configured { number: 2, ..Configured::clone(&first.config) });
    let tenant = Tenant { config, ..next(&first) };
    assert_eq!(w.replace(&tenant, first.version, Vec::new()).await, Replaced::Replaced);

    let version = async |of: &Tenant, number| w.stores.tenants.configuration(of.id, number).await.answered();
    let marks = w.stores.tenants.configurations(tenant.id, None, 9).await.answered();
    for number in [2, 1] {
        let mut anew = version(&tenant, number).await.unwrap_or_else(|| panic!("no version {number}"));
        anew.settings.email_config.from_name = Some(w.samples.word());
        assert!(w.stores.tenants.reseal(tenant.id, anew.clone()).await.answered());
        assert_eq!(version(&tenant, number).await.as_ref(), Some(&anew));
        assert_ne!(version(&tenant, 3 - number).await.map(|it| it.settings), Some(anew.settings.clone()));
        assert!(!w.stores.tenants.reseal(tenant.id, Configured { number: 3, ..anew }).await.answered());
    }
    assert_eq!(version(&tenant, 3).await, None);
    assert_eq!(w.stores.tenants.configurations(tenant.id, None, 9).await.answered(), marks);
    assert_eq!(version(&other, 1).await.as_ref(), Some(&*other.config));
    assert_eq!(w.tenant_of(tenant.id).await, Some(tenant));
}
