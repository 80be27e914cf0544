//! Whatever is done to a sealed trail past the service is found and named.

use std::sync::Arc;
use std::time::Duration;

use otp_core::audit::{AuditEvent, Finding, Report, Trails, Witness};
use otp_core::deployment::Deployment;
use otp_core::effect::Effect;
use otp_core::keys::MasterKey;
use otp_core::limit::DAY;
use otp_core::port::{Outbox, Stores};
use otp_core::realm::Realm;
use otp_core::system::SystemEntropy;
use otp_core::time::Timestamp;
use otp_sql::SqlStore;
use otp_testkit::FrozenClock;
use otp_testkit::samples::{NOW, Samples};

use crate::fixture::{Fixture, on_each_engine};

on_each_engine! {
    a_trail_nobody_touched_is_as_sealed
    whatever_was_done_to_a_trail_is_named
    a_trail_put_back_from_an_older_copy_is_found_by_who_noted_its_end
    retention_leaves_the_chain_whole
    what_is_not_sealed_is_not_covered_and_said_so
}

const SECOND: Duration = Duration::from_secs(1);

/// A sealed trail of ten entries, a second apart.
struct Scene {
    fixture: Fixture,
    store: Arc<SqlStore>,
    samples: Samples,
    realm: Realm,
    clock: Arc<FrozenClock>,
    trails: Trails,
}

impl Scene {
    async fn new(fixture: Fixture) -> Self {
        let fixture = fixture.with_tables().await;
        let (store, clock) = (Arc::new(fixture.beside().await), Arc::new(FrozenClock::at(NOW)));
        let master = MasterKey::generate(&SystemEntropy::default()).unwrap();
        let deployment = Deployment::builder(master, Stores::of(store.clone())).clock(clock.clone()).open().await;
        let samples = Samples::random();
        let realm = samples.realm();
        let scene = Self { fixture, store, samples, realm, clock, trails: Trails::new(deployment.unwrap()) };
        for n in 0..10 {
            scene.tell(NOW.plus(n * SECOND)).await;
            scene.told_elsewhere(NOW.plus(n * SECOND)).await;
        }
        assert_eq!(scene.trails.seal().await.unwrap(), 20);
        scene
    }

    async fn tell(&self, at: Timestamp) {
        let entry = self.samples.audit(self.realm, AuditEvent::OtpRequested, at);
        self.store.append(vec![Effect::Audit(entry)], at).await.unwrap();
    }

    async fn told_elsewhere(&self, at: Timestamp) {
        let entry = self.samples.audit(self.samples.realm(), AuditEvent::OtpRequested, at);
        self.store.append(vec![Effect::Audit(entry)], at).await.unwrap();
    }

    async fn report(&self, witness: Option<Witness>) -> Report {
        self.trails.verify(self.realm.tenant, witness).await.unwrap()
    }

    /// Runs statements in which `$T` stands for the tenant.
    async fn tamper(&self, statements: &[&str]) {
        for statement in statements {
            let statement = statement.replace("$T", &format!("'{}'", self.realm.tenant));
            let written = self.fixture.execute(&statement).await;
            assert!(written > 0 || statement.starts_with("CREATE"), "{statement}");
        }
    }
}

async fn a_trail_nobody_touched_is_as_sealed(fixture: Fixture) {
    let scene = Scene::new(fixture).await;
    let report = scene.report(None).await;
    assert_eq!((report.findings, report.unsealed), (vec![], 0));
    let head = report.head.unwrap();
    assert_eq!((head.first, head.last, head.count()), (1, 10, 10));
    let witness = Witness { seq: 10, mac: head.latest };
    assert_eq!(witness.to_string().parse(), Ok(witness));
    assert_eq!(scene.report(Some(witness)).await.findings, []);
    let nobody = scene.trails.verify(scene.samples.realm().tenant, None).await.unwrap();
    assert_eq!((nobody.head, nobody.findings), (None, vec![]));
}

/// What is written to both of two places at once has to be read from elsewhere.
const COPIED: &str = "CREATE TABLE copied AS SELECT * FROM audit";

/// Moves what is at one place to another.
macro_rules! renumber {
    ($from:literal, $to:literal) => {
        concat!("UPDATE audit SET seq = ", $to, " WHERE tenant = $T AND seq = ", $from)
    };
}

async fn whatever_was_done_to_a_trail_is_named(fixture: Fixture) {
    let engine = fixture.engine();
    drop(fixture);
    let copy = |to: &str| {
        format!(
            "INSERT INTO audit (tenant, seq, mac, at, id, entry)
             SELECT tenant, {to}, mac, at, id, entry FROM audit WHERE tenant = $T AND seq = 3"
        )
    };
    let (behind, into_gap) = (copy("11"), copy("5"));
    let swap = |columns: &str| {
        format!(
            "UPDATE audit SET {} WHERE tenant = $T AND seq IN (4, 7)",
            columns
                .split(", ")
                .map(|column| format!(
                    "{column} = (SELECT o.{column} FROM copied o WHERE o.tenant = $T AND o.seq = 11 - audit.seq)"
                ))
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    let (swap_rows, swap_contents) = (swap("mac, at, id, entry"), swap("at, id, entry"));
    let cases: Vec<(Vec<&str>, Vec<Finding>)> = vec![
        (
            vec![
                "UPDATE audit SET entry = REPLACE(entry, 'otp.requested', 'otp.verified') WHERE tenant = $T AND seq = 4",
            ],
            vec![Finding::Edited(4)],
        ),
        (vec!["UPDATE audit SET at = at + 1 WHERE tenant = $T AND seq = 4"], vec![Finding::Edited(4)]),
        (
            vec!["UPDATE audit SET id = 'aud_0000000000000000000000' WHERE tenant = $T AND seq = 1"],
            vec![Finding::Edited(1)],
        ),
        (
            vec![
                "UPDATE audit SET mac = (SELECT o.mac FROM audit o WHERE o.tenant = $T AND o.seq = 3) WHERE tenant = $T AND seq = 10",
            ],
            vec![Finding::Edited(10)],
        ),
        (
            vec!["DELETE FROM audit WHERE tenant = $T AND seq = 4"],
            vec![Finding::Missing { from: 4, to: 4 }, Finding::Unlinked(5)],
        ),
        (
            vec!["DELETE FROM audit WHERE tenant = $T AND seq < 3"],
            vec![Finding::Missing { from: 1, to: 2 }, Finding::Unlinked(3)],
        ),
        (vec!["DELETE FROM audit WHERE tenant = $T AND seq > 7"], vec![Finding::Cut { from: 8, to: 10 }]),
        (vec!["DELETE FROM audit WHERE tenant = $T"], vec![Finding::Cut { from: 1, to: 10 }]),
        (vec![COPIED, &swap_rows], vec![Finding::Swapped(4, 7)]),
        (vec![COPIED, &swap_contents], vec![Finding::Swapped(4, 7)]),
        (vec![renumber!(4, 99), renumber!(5, 4), renumber!(99, 5)], vec![Finding::Swapped(4, 5)]),
        (vec![&behind], vec![Finding::Inserted(11)]),
        // Room is made for it by moving all that follow.
        (
            vec![
                renumber!(10, 11),
                renumber!(9, 10),
                renumber!(8, 9),
                renumber!(7, 8),
                renumber!(6, 7),
                renumber!(5, 6),
                &into_gap,
            ],
            vec![
                Finding::Moved { from: 6, to: 5 },
                Finding::Moved { from: 7, to: 6 },
                Finding::Moved { from: 8, to: 7 },
                Finding::Moved { from: 9, to: 8 },
                Finding::Moved { from: 10, to: 9 },
                Finding::Moved { from: 11, to: 10 },
                Finding::Inserted(5),
            ],
        ),
        // One is taken out, and those behind it close the gap.
        (
            vec!["DELETE FROM audit WHERE tenant = $T AND seq = 9", renumber!(10, 9)],
            vec![Finding::Edited(9), Finding::Cut { from: 10, to: 10 }],
        ),
        // The end is cut off, and the head made to fit.
        (
            vec![
                "DELETE FROM audit WHERE tenant = $T AND seq = 10",
                "UPDATE audit_heads SET last = 9, latest = (SELECT mac FROM audit WHERE tenant = $T AND seq = 9) WHERE tenant = $T",
            ],
            vec![Finding::HeadEdited],
        ),
        // The beginning.
        (
            vec![
                "DELETE FROM audit WHERE tenant = $T AND seq = 1",
                "UPDATE audit_heads SET first = 2 WHERE tenant = $T",
            ],
            vec![Finding::HeadEdited, Finding::Edited(2)],
        ),
        (
            vec!["UPDATE audit_heads SET last = 12 WHERE tenant = $T"],
            vec![Finding::HeadEdited, Finding::Cut { from: 11, to: 12 }],
        ),
        (vec!["DELETE FROM audit_heads WHERE tenant = $T"], vec![Finding::HeadMissing]),
        // Another tenant's entries under this one's name.
        (
            vec![
                "DELETE FROM audit WHERE tenant = $T",
                "UPDATE audit SET tenant = $T WHERE tenant = (SELECT MIN(o.tenant) FROM audit o) AND seq = 1",
            ],
            vec![Finding::Edited(1), Finding::Cut { from: 2, to: 10 }],
        ),
    ];
    for (statements, expected) in cases {
        let Some(fixture) = Fixture::without_tables(engine).await else { return };
        let scene = Scene::new(fixture).await;
        scene.tamper(&statements).await;
        let mut expected = expected;
        expected.sort();
        assert_eq!(scene.report(None).await.findings, expected, "{statements:?}");
    }
}

async fn a_trail_put_back_from_an_older_copy_is_found_by_who_noted_its_end(fixture: Fixture) {
    let scene = Scene::new(fixture).await;
    scene.tamper(&["CREATE TABLE old_heads AS SELECT * FROM audit_heads"]).await;
    scene.tell(NOW.plus(20 * SECOND)).await;
    scene.trails.seal().await.unwrap();
    let noted = scene.report(None).await.head.map(|head| Witness { seq: head.last, mac: head.latest }).unwrap();
    assert_eq!(noted.seq, 11);
    scene
        .tamper(&[
            "DELETE FROM audit WHERE tenant = $T AND seq = 11",
            "DELETE FROM audit_heads WHERE tenant = $T",
            "INSERT INTO audit_heads SELECT * FROM old_heads WHERE tenant = $T",
        ])
        .await;
    assert_eq!(scene.report(None).await.findings, [], "it is a whole trail");
    assert_eq!(scene.report(Some(noted)).await.findings, [Finding::Cut { from: 11, to: 11 }]);
    // Another entry in its place is sealed by the service itself.
    scene.tell(NOW.plus(21 * SECOND)).await;
    scene.trails.seal().await.unwrap();
    assert_eq!(scene.report(None).await.findings, []);
    assert_eq!(scene.report(Some(noted)).await.findings, [Finding::NotAsWitnessed(11)]);
}

async fn retention_leaves_the_chain_whole(fixture: Fixture) {
    let scene = Scene::new(fixture).await;
    let early = scene.report(None).await.head.map(|head| Witness { seq: head.last, mac: head.latest }).unwrap();
    for day in [30, 60, 120] {
        scene.tell(NOW.plus(day * DAY)).await;
    }
    scene.trails.seal().await.unwrap();
    scene.clock.set(NOW.plus(90 * DAY));
    assert_eq!(scene.trails.shorten().await.unwrap(), 0);
    scene.clock.set(NOW.plus(90 * DAY + 5 * SECOND));
    assert_eq!(scene.trails.shorten().await.unwrap(), 2 * 5, "of both trails");
    let report = scene.report(Some(early)).await;
    assert_eq!((report.findings, report.head.map(|head| (head.first, head.last))), (vec![], Some((6, 13))));
    scene.clock.set(NOW.plus(130 * DAY));
    assert_eq!(scene.trails.shorten().await.unwrap(), 2 * 5 + 1);
    assert_eq!(scene.trails.shorten().await.unwrap(), 0);
    // What is noted of an entry that has just gone is still known by its MAC; of those before it nothing is.
    let report = scene.report(Some(early)).await;
    assert_eq!((report.findings, report.head.map(|head| (head.first, head.last))), (vec![], Some((12, 13))));
    scene.clock.set(NOW.plus(300 * DAY));
    assert_eq!(scene.trails.shorten().await.unwrap(), 2);
    let report = scene.report(None).await;
    assert_eq!((report.findings, report.head.map(|head| head.count())), (vec![], Some(0)));
    scene.tell(scene.clock_now()).await;
    scene.trails.seal().await.unwrap();
    let report = scene.report(None).await;
    assert_eq!((report.findings, report.head.map(|head| (head.first, head.last))), (vec![], Some((14, 14))));
    scene.tamper(&["UPDATE audit_heads SET before = mac WHERE tenant = $T"]).await;
    assert_eq!(scene.report(None).await.findings, [Finding::HeadEdited, Finding::Edited(14)]);
}

impl Scene {
    fn clock_now(&self) -> Timestamp {
        use otp_core::port::Clock;
        self.clock.now()
    }
}

async fn what_is_not_sealed_is_not_covered_and_said_so(fixture: Fixture) {
    let scene = Scene::new(fixture).await;
    scene.tell(NOW.plus(11 * SECOND)).await;
    scene.tell(NOW.plus(12 * SECOND)).await;
    scene.tamper(&["DELETE FROM audit_unsealed WHERE number = (SELECT MIN(number) FROM audit_unsealed)"]).await;
    let report = scene.report(None).await;
    assert_eq!((report.findings, report.unsealed), (vec![], 1));
}
