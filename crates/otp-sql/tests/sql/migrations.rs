//! The tables, and who may change them.

use std::sync::Arc;

use futures::future::join_all;
use otp_core::audit::{AuditEvent, Kept};
use otp_core::challenge::Challenge;
use otp_core::config::OriginAccess;
use otp_core::effect::{Effect, Letter, MailJob};
use otp_core::fault::FaultKind;
use otp_core::id::{TenantId, UserId};
use otp_core::limit::{HOUR, Rule};
use otp_core::port::{
    Age, Attempt, AuditFilter, AuditTrail, ChallengeStore, LimitStore, Metering, Outbox, Placed, Request, TenantStore,
};
use otp_core::tenant::{Tenant, TenantStatus};
use otp_sql::Schema;
use otp_testkit::samples::{NOW, Samples};
use tokio::sync::Barrier;

use crate::fixture::{Engine, Fixture, on_each_engine};

on_each_engine! {
    a_new_database_has_everything_before_it
    users_there_were_before_they_were_counted_are_counted
    mail_that_waited_before_there_were_letters_is_sent
    origins_there_were_before_they_were_listed_are_listed
    what_was_counted_by_the_hour_and_audited_before_is_still_told
    what_a_later_version_has_added_is_left_alone
    a_version_that_is_outgrown_does_nothing
    a_database_of_another_line_is_left_alone
    a_migration_changed_after_it_was_run_is_refused
    several_processes_may_migrate_at_once
    a_table_that_is_held_is_not_waited_for_until_nobody_can_work
}

async fn a_new_database_has_everything_before_it(fixture: Fixture) {
    let pending = [
        "0001 start",
        "0002 several nodes",
        "0003 user counts",
        "0004 configurations",
        "0005 letters",
        "0006 origins",
        "0007 users listed",
        "0008 numbers and trails",
        "0009 challenges by end",
        "0010 schema floor",
        "0011 retired keys",
    ];
    let pending = pending.map(ToOwned::to_owned);
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Pending(pending.into()));
    let read = fixture.store.get(TenantId::SERVICE, Age::Fresh).await.unwrap_err();
    assert_eq!((read.kind(), read.op()), (FaultKind::Misconfigured, "sql.tenant"));
    let samples = Samples::seeded(6);
    let draw = samples.draw(samples.realm(), Rule::EmailDay, 1);
    assert_eq!(fixture.store.acquire(vec![draw], NOW).await.unwrap_err().kind(), FaultKind::Misconfigured);

    fixture.store.migrate().await.unwrap();
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Current);
    assert_eq!(fixture.store.get(TenantId::SERVICE, Age::Fresh).await.unwrap(), None);
    fixture.store.migrate().await.unwrap();
}

async fn users_there_were_before_they_were_counted_are_counted(fixture: Fixture) {
    let fixture = fixture.with_tables().await;
    let samples = Samples::seeded(15);
    let (realm, other) = (samples.realm(), samples.realm());
    for realm in [realm, realm, other] {
        let challenge = samples.challenge(realm, NOW);
        fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
        assert!(matches!(fixture.store.attempt(samples.right(&challenge), NOW).await.unwrap(), Attempt::Right(_)));
    }
    // As a version left it that did not count them.
    fixture.execute("DROP TABLE user_counts").await;
    fixture.execute("DELETE FROM _sqlx_migrations WHERE version = 3").await;
    fixture.store.migrate().await.unwrap();
    assert_eq!((fixture.store.users(realm).await.unwrap(), fixture.store.users(other).await.unwrap()), (2, 1));
}

async fn mail_that_waited_before_there_were_letters_is_sent(fixture: Fixture) {
    let fixture = fixture.with_tables().await;
    let samples = Samples::seeded(16);
    let challenge = Challenge { note: None, ..samples.challenge(samples.realm(), NOW) };
    let mail = samples.mail(&challenge);
    let request = Request { admitted: vec![Effect::Mail(mail.clone())], ..samples.request(&challenge) };
    fixture.store.open(request, NOW).await.unwrap();
    // As a version left it that knew codes only.
    fixture.execute("ALTER TABLE outbox ADD COLUMN app_name TEXT NOT NULL DEFAULT 'A \"name\"'").await;
    fixture.execute("ALTER TABLE outbox DROP COLUMN letter").await;
    fixture.execute("ALTER TABLE challenges DROP COLUMN note").await;
    fixture.execute("DELETE FROM _sqlx_migrations WHERE version = 5").await;
    fixture.store.migrate().await.unwrap();

    let claimed = fixture.store.claim(NOW, HOUR, 9).await.unwrap().remove(0);
    let letter = Letter::Code { challenge: challenge.id, app_name: "A \"name\"".to_owned() };
    assert_eq!((claimed.mail, claimed.challenge), (MailJob { letter, ..mail }, Some(challenge)));
}

async fn origins_there_were_before_they_were_listed_are_listed(fixture: Fixture) {
    let fixture = fixture.with_tables().await;
    let samples = Samples::seeded(17);
    let add = async |listed: &[&str], status: TenantStatus, template: &str| {
        let mut tenant = Tenant { status, ..samples.tenant(NOW) };
        let settings = &mut Arc::make_mut(&mut tenant.config).settings;
        settings.allowed_origins = listed.iter().map(|origin| origin.parse().unwrap()).collect();
        settings.email_config.text_template = Some(template.to_owned());
        fixture.store.insert(tenant, Vec::new(), NOW).await.unwrap();
    };
    add(&["https://a.example", "https://*.b.example", "https://a.example"], TenantStatus::Active, "{{otp}}").await;
    add(&["https://suspended.example"], TenantStatus::Suspended, "{{otp}}").await;
    // Which Postgres would not read as JSON.
    add(&[], TenantStatus::Active, "\0{{otp}}").await;
    add(&[], TenantStatus::Active, "early {{otp}}").await;
    fixture.execute("DROP TABLE origins").await;
    // As a version left it that had nothing to configure.
    fixture.execute("UPDATE tenants SET document = '{}' WHERE document LIKE '%early%'").await;
    fixture.execute("DELETE FROM _sqlx_migrations WHERE version = 6").await;
    fixture.store.migrate().await.unwrap();
    for (origin, access) in [
        ("https://a.example", OriginAccess::Allowed),
        ("https://x.b.example", OriginAccess::Allowed),
        ("https://b.example", OriginAccess::Denied),
        ("https://suspended.example", OriginAccess::Denied),
    ] {
        assert_eq!(fixture.store.access_of(origin).await.unwrap(), access, "{origin}");
    }
}

async fn what_was_counted_by_the_hour_and_audited_before_is_still_told(fixture: Fixture) {
    let (samples, realm) = (Samples::seeded(19), Samples::seeded(19).realm());
    let entry = samples.audit(realm, AuditEvent::OtpRequested, NOW);
    let fixture = fixture.with_tables().await;
    // As a version left it that knew hours only, and no chain.
    let new =
        ["usage_spans", "seen_spans", "active_spans", "calls", "failures", "recent_failures", "audit", "audit_heads"];
    for table in new {
        fixture.execute(&format!("DROP TABLE {table}")).await;
    }
    let old = [
        "DROP INDEX usage_minutes_by_age",
        "DROP INDEX seen_minutes_by_age",
        "DROP INDEX audit_unsealed_by_time",
        "ALTER TABLE usage_minutes RENAME COLUMN minute TO hour",
        "ALTER TABLE usage_minutes RENAME TO usage",
        "ALTER TABLE seen_minutes RENAME COLUMN minute TO hour",
        "ALTER TABLE seen_minutes RENAME TO seen",
        "ALTER TABLE audit_unsealed DROP COLUMN at",
        "ALTER TABLE audit_unsealed DROP COLUMN id",
        "ALTER TABLE audit_unsealed RENAME COLUMN number TO seq",
        "ALTER TABLE audit_unsealed RENAME TO audit",
        "CREATE INDEX audit_by_tenant ON audit (tenant)",
    ];
    for statement in old {
        fixture.execute(statement).await;
    }
    if fixture.engine() == Engine::Postgres {
        fixture.execute("ALTER INDEX audit_unsealed_pkey RENAME TO audit_pkey").await;
    }
    let (tenant, hour) = (realm.tenant, NOW.hour().as_millis());
    let text = Kept::of(&entry).unwrap().text.replace('\'', "''");
    fixture.execute(&format!("INSERT INTO usage VALUES ('{tenant}', 'live', {hour}, 'otpRequests', 7)")).await;
    let user = samples.id(UserId::generate);
    fixture.execute(&format!("INSERT INTO seen VALUES ('{tenant}', 'live', {hour}, '{user}')")).await;
    fixture.execute(&format!("INSERT INTO audit (tenant, entry) VALUES ('{tenant}', '{text}')")).await;
    fixture.execute("DELETE FROM _sqlx_migrations WHERE version = 8").await;
    fixture.store.migrate().await.unwrap();

    let counts = fixture.store.counts(realm, NOW.hour(), NOW.hour().plus(HOUR)).await.unwrap();
    assert_eq!(counts.iter().map(|counted| counted.count).collect::<Vec<_>>(), [7]);
    assert_eq!(fixture.store.unique_users(realm, NOW.hour(), NOW.hour().plus(HOUR)).await.unwrap(), 1);
    let page = fixture.store.page(tenant, &AuditFilter::default(), None, 9).await.unwrap();
    assert_eq!(page, [Placed { entry, seq: None }]);
    assert_eq!(fixture.store.waiting(tenant).await.unwrap(), 1);
}

/// As a later version leaves it behind that has run a migration of its own.
async fn migrate_later(fixture: &Fixture, migration: &str) {
    let nothing = fixture.literal(&[]);
    fixture.execute(migration).await;
    let run = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', TRUE, {nothing}, 0)"
    );
    fixture.execute(&run).await;
}

async fn what_a_later_version_has_added_is_left_alone(fixture: Fixture) {
    let fixture = fixture.with_tables().await;
    migrate_later(&fixture, "ALTER TABLE users ADD COLUMN nick TEXT").await;
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Extended);
    fixture.store.migrate().await.unwrap();
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Extended);
}

async fn a_version_that_is_outgrown_does_nothing(fixture: Fixture) {
    let fixture = fixture.with_tables().await;
    migrate_later(&fixture, "UPDATE schema_floor SET floor = 9999").await;
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Outgrown);
    assert_eq!(fixture.store.migrate().await.unwrap_err().kind(), FaultKind::Misconfigured);
}

async fn a_database_of_another_line_is_left_alone(fixture: Fixture) {
    let fixture = fixture.with_tables().await;
    migrate_later(&fixture, "DELETE FROM _sqlx_migrations WHERE version = 10").await;
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Outgrown);
    assert_eq!(fixture.store.migrate().await.unwrap_err().kind(), FaultKind::Misconfigured);
    assert_eq!(fixture.rows("_sqlx_migrations").await, 11);
}

async fn a_migration_changed_after_it_was_run_is_refused(fixture: Fixture) {
    let fixture = fixture.with_tables().await;
    let other = fixture.literal(&[0]);
    fixture.execute(&format!("UPDATE _sqlx_migrations SET checksum = {other}")).await;
    assert_eq!(fixture.store.migrate().await.unwrap_err().kind(), FaultKind::Misconfigured);
}

async fn several_processes_may_migrate_at_once(fixture: Fixture) {
    let start = Arc::new(Barrier::new(4));
    let migrations = (0..4).map(async |_| {
        let (store, start) = (fixture.beside().await, start.clone());
        let migration = tokio::spawn(async move {
            start.wait().await;
            store.migrate().await
        });
        migration.await.unwrap()
    });
    for migrated in join_all(migrations).await {
        migrated.unwrap();
    }
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Current);
}

async fn a_table_that_is_held_is_not_waited_for_until_nobody_can_work(fixture: Fixture) {
    if fixture.engine() == Engine::Sqlite {
        return; // Where nobody migrates beside a server.
    }
    let fixture = fixture.with_tables().await;
    fixture.execute("DROP INDEX challenges_by_end").await;
    fixture.execute("DELETE FROM _sqlx_migrations WHERE version = 9").await;
    // As a dump of the database does for as long as it takes.
    let mut dump = fixture.raw().await;
    dump.execute("BEGIN").await;
    dump.execute("LOCK TABLE challenges IN SHARE UPDATE EXCLUSIVE MODE").await;
    let store = fixture.beside().await;
    let migrating = tokio::spawn(async move { store.migrate().await });
    let mut locks = fixture.raw().await;
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'challenges'::regclass";
    while locks.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    let samples = Samples::seeded(21);
    let challenge = samples.challenge(samples.realm(), NOW);
    fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
    assert_eq!(migrating.await.unwrap().unwrap_err().kind(), FaultKind::Unavailable);
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Pending(vec!["0009 challenges by end".to_owned()]));
    dump.execute("ROLLBACK").await;
    fixture.store.migrate().await.unwrap();
}
