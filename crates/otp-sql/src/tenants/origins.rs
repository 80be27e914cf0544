//! Whose pages may call, for whoever asks before he says which tenant.

use std::collections::BTreeSet;

use otp_core::config::{Origin, OriginAccess};
use otp_core::id::TenantId;
use otp_core::tenant::{Tenant, TenantStatus};

use crate::sql::{Conn, Engine, Query, Row, query, statements};
use crate::trouble::Tried;

statements! {
    FORGET = "DELETE FROM origins WHERE tenant = $1";
    ADD(Text, Number, Text) = "INSERT INTO origins (origin, cookie, tenant) {rows}";
    /// One row an entry, however many tenants list it; of an entry nobody lists, a row that says nothing.
    FURTHEST(Text) = "
        SELECT (SELECT MAX(o.cookie) FROM origins o WHERE o.origin = w.column1) AS cookie
        FROM ({rows}) AS w";
}

/// Takes back what `tenant` listed.
pub(super) async fn forget(conn: &mut Conn, tenant: TenantId) -> Tried<()> {
    query(&FORGET).text(tenant).execute(conn).await?;
    Ok(())
}

/// Lists what `tenant` lists, unless it is not served.
pub(super) async fn add(conn: &mut Conn, tenant: &Tenant) -> Tried<()> {
    if tenant.status != TenantStatus::Active {
        return Ok(());
    }
    let settings = tenant.settings();
    // An entry may stand in the list twice.
    let listed: Vec<&Origin> = settings.allowed_origins.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let cookie = i64::from(settings.session.cookie());
    ADD.write(conn, &listed, |query, origin| query.bind(origin.as_str()).bind(cookie).text(tenant.id)).await
}

/// Asks what is said of every entry that allows `origin`.
pub(super) fn allowing(engine: Engine, origin: &str) -> impl Iterator<Item = Query> {
    let entries = Origin::allowing(origin);
    let queries = FURTHEST.queries(engine, &entries, |query, entry| query.bind(entry.as_str()));
    queries.into_iter().map(|(query, _)| query)
}

/// The furthest that `rows` let anybody go.
pub(super) fn furthest(rows: &[Row]) -> Tried<OriginAccess> {
    let mut furthest = OriginAccess::Denied;
    for row in rows {
        if !row.is_null("cookie")? {
            let cookie = row.number::<i64>("cookie")? != 0;
            let access = if cookie { OriginAccess::WithCookies } else { OriginAccess::Allowed };
            furthest = furthest.max(access);
        }
    }
    Ok(furthest)
}
