//! The origins that tenants list, taken all together.

use std::sync::Arc;

use otp_core::config::OriginAccess;
use otp_core::port::{Inserted, Replaced, Stores};
use otp_core::tenant::{Configured, Tenant, TenantStatus};

use super::next;
use crate::answered::Answered;
use crate::conformance::world::World;

/// The next version of `tenant`, whose pages are of the origins `listed`.
fn listing(tenant: &Tenant, listed: &[&str], cookie: bool) -> Tenant {
    let mut config = Configured::clone(&tenant.config);
    config.settings.allowed_origins = listed.iter().filter_map(|origin| origin.parse().ok()).collect();
    assert_eq!(config.settings.allowed_origins.len(), listed.len());
    config.settings.session.cookie = Some(cookie);
    Tenant { config: Arc::new(config), ..next(tenant) }
}

/// An origin may call as far as the active tenant says that lets it furthest, from the answer on that made him say so.
pub async fn origins_are_those_of_active_tenants(stores: Stores) {
    use OriginAccess::{Allowed, Denied, WithCookies};
    let w = World::new(stores);
    let domain = format!("{}.example", w.samples.word());
    let [app, deep, above, wide, bare] =
        ["https://app.", "https://x.y.sub.", "https://sub.", "https://*.sub.", "https://"]
            .map(|of| of.to_owned() + &domain);
    let are = async |expected: [OriginAccess; 2]| {
        for (origin, expected) in [&app, &deep].into_iter().zip(expected) {
            assert_eq!(w.stores.tenants.access_of(origin).await.answered(), expected, "{origin}");
        }
        for never in [
            &above,
            &wide,
            &bare,
            &app.replace("https", "http"),
            &format!("{app}:8443"),
            &format!("{app}.evil.example"),
        ] {
            assert_eq!(w.stores.tenants.access_of(never).await.answered(), Denied, "{never}");
        }
    };
    are([Denied, Denied]).await;
    // An entry may stand there twice.
    let mut first = listing(&w.tenant(), &[&app, &wide, &app], false);
    first.version = 0;
    assert_eq!(w.insert(&first, Vec::new()).await, Inserted::Inserted);
    are([Allowed, Allowed]).await;
    assert_eq!(w.insert(&listing(&first, &[&app], true), Vec::new()).await, Inserted::Exists);
    assert_eq!(w.replace(&listing(&first, &[&app], true), 7, Vec::new()).await, Replaced::Conflict);
    are([Allowed, Allowed]).await;

    let mut second = w.inserted().await;
    let mut change = async |status: TenantStatus, cookie: bool| {
        let (expected, changed) = (second.version, listing(&second, &[&app], cookie));
        second = Tenant { status, ..changed };
        assert_eq!(w.replace(&second, expected, Vec::new()).await, Replaced::Replaced);
    };
    for (status, cookie, expected) in [
        (TenantStatus::Active, false, Allowed),
        (TenantStatus::Active, true, WithCookies),
        (TenantStatus::Suspended, true, Allowed),
        (TenantStatus::Active, true, WithCookies),
        (TenantStatus::Cancelled, true, Allowed),
    ] {
        change(status, cookie).await;
        are([expected, Allowed]).await;
    }
    assert_eq!(w.replace(&listing(&first, &[&app], false), 0, Vec::new()).await, Replaced::Replaced);
    are([Allowed, Denied]).await;
    let none = listing(&next(&first), &[], true);
    assert_eq!(w.replace(&none, 1, Vec::new()).await, Replaced::Replaced);
    are([Denied, Denied]).await;
    for text in [
        "",
        "null",
        "*",
        "https://",
        "https://.",
        "https://*.",
        "%",
        "'\"_\\",
        &format!("https://{}", "a.".repeat(150)),
    ] {
        assert_eq!(w.stores.tenants.access_of(text).await.answered(), Denied, "{text}");
    }
}
