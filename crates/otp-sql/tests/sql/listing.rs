//! The filter of a list means the same in SQL as in the domain.

use otp_core::id::TenantId;
use otp_core::port::{TenantFilter, TenantStore};
use otp_core::tenant::{Tenant, TenantStatus};
use otp_testkit::samples::{NOW, Samples};

use crate::fixture::{Fixture, on_each_engine};

on_each_engine! {
    sql_and_domain_agree_on_who_is_listed
}

async fn sql_and_domain_agree_on_who_is_listed(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(5));
    let mut tenants = vec![Tenant { id: TenantId::SERVICE, owner: None, ..samples.tenant(NOW) }];
    for name in
        ["100% real", "100 real", "a_b", "aXb", r"back\slash", "\u{c9}cole", "\u{e9}cole", "Z\u{fc}rich", "ACME"]
    {
        tenants.push(Tenant { name: name.to_owned(), company_name: None, ..samples.tenant(NOW) });
    }
    tenants[2].status = TenantStatus::Suspended;
    tenants[3].company_name = Some("acme & Co".to_owned());
    tenants[4].owner = None;
    for tenant in &tenants {
        fixture.store.insert(tenant.clone(), Vec::new(), NOW).await.unwrap();
    }

    let texts = [
        "",
        "%",
        "_",
        "\\",
        "100%",
        "A_B",
        "\u{c9}",
        "\u{e9}",
        "acme",
        "@EXAMPLE.org",
        "\0",
        "100\0",
        "nobody",
        "Z\u{dc}",
    ];
    let mut filters: Vec<_> =
        texts.map(|text| TenantFilter { text: Some(text.to_owned()), ..TenantFilter::default() }).into();
    filters.push(TenantFilter::default());
    filters.push(TenantFilter { status: Some(TenantStatus::Suspended), ..TenantFilter::default() });
    filters.push(TenantFilter { plan: Some(tenants[5].plan.clone()), ..TenantFilter::default() });
    filters.push(TenantFilter { plan: Some(tenants[5].plan.clone()), text: Some("real".to_owned()), status: None });
    for filter in filters {
        let mut expected: Vec<_> = tenants.iter().filter(|tenant| filter.matches(tenant)).cloned().collect();
        expected.sort_by_key(|tenant| std::cmp::Reverse(tenant.id));
        assert_eq!(fixture.store.list(&filter, None, 100).await.unwrap(), expected, "{filter:?}");
    }
}
