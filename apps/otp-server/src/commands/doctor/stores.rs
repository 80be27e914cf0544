//! Whether the stores answer, keep what they are told, and know what time it is.

use std::time::Duration;

use otp_core::fault::{Fault, Res};
use otp_core::port::Clock;
use otp_core::system::SystemClock;
use otp_core::time::Timestamp;
use otp_wire::config::Config;
use otp_wire::process::Failure;
use otp_wire::storage::{Database, Kept, Schema, Storage, database_time, kv_is_apart, kv_keeps};

use super::super::exists;
use super::finding::{Check, Finding};
use super::key;

/// How far the clocks of a node and of its database may be apart. Leases and codes live a minute and more.
const APART: Duration = Duration::from_secs(2);

/// Whether this machine and its database agree on the time. Says nothing where no database is named.
pub(super) async fn clock(config: &Config) -> Option<Finding> {
    Database::of(config).ok()?;
    let before = SystemClock.now();
    let database = database_time(config).await;
    let after = SystemClock.now();
    Some(match database {
        Ok(None) => Finding::ok(Check::Clock, "the database is a file on this machine and has no clock of its own"),
        Ok(Some(theirs)) => compared(before, theirs, after),
        Err(_) => Finding::warning(Check::Clock, "not compared: the database does not say what time it is"),
    })
}

/// How `theirs` stands to a clock of ours that showed `before` when they were asked, and `after` when they had answered.
fn compared(before: Timestamp, theirs: Timestamp, after: Timestamp) -> Finding {
    // They looked at their clock some time in between.
    let (ahead, behind) = (after.until(theirs), theirs.until(before));
    let (apart, which) = if ahead >= behind { (ahead, "behind") } else { (behind, "ahead of") };
    let detail = match apart.as_millis() {
        0 => "agrees with the database's".to_owned(),
        millis => format!("{millis} ms {which} the database's"),
    };
    if apart <= APART {
        return Finding::ok(Check::Clock, detail);
    }
    Finding::error(Check::Clock, format!("{detail}: nodes disagree on what has expired"))
        .fix("keep the clocks of every node and of the database by NTP")
}

/// Whether the database answers and has this version's schema, and whether the secret key is that of what is stored there.
/// Says nothing where none is named.
pub(super) async fn database(config: &Config) -> Vec<Finding> {
    let Ok(database) = Database::of(config) else { return Vec::new() };
    if let Database::File(path) = &database {
        match exists(path) {
            Ok(true) => {}
            // It would be made by being looked at.
            Ok(false) => return vec![pending(config, format!("{} does not exist yet", path.display()))],
            Err(failure) => return vec![Finding::error(Check::Database, failure.text())],
        }
    }
    let storage = match Storage::open_database(config).await {
        Ok(storage) => storage,
        Err(fault) => return vec![down(Check::Database, fault)],
    };
    let schema = storage.schema().await;
    let key = match schema {
        Ok(Schema::Current | Schema::Extended) => key::check(config, &storage).await,
        // Where it would be looked for is not known.
        Ok(Schema::Pending(_) | Schema::Outgrown) | Err(_) => None,
    };
    storage.close().await;
    [Some(standing(config, schema)), key].into_iter().flatten().collect()
}

/// How its schema stands.
fn standing(config: &Config, schema: Res<Schema>) -> Finding {
    match schema {
        Ok(Schema::Current) => Finding::ok(Check::Database, "answers, and its schema is current"),
        Ok(Schema::Pending(names)) => pending(config, format!("migrations are pending: {}", names.join(", "))),
        Ok(Schema::Extended) => Finding::ok(Check::Database, "answers; a later version has added to its schema"),
        Ok(Schema::Outgrown) => {
            Finding::error(Check::Database, "a later version has taken away what this one works with")
                .fix("run that version")
        }
        Err(fault) => down(Check::Database, fault),
    }
}

/// What has to be migrated: by `serve`, where that does it.
fn pending(config: &Config, detail: String) -> Finding {
    if config.migrate {
        return Finding::warning(Check::Database, format!("{detail}; `serve` sees to it when it starts"));
    }
    Finding::error(Check::Database, detail).fix("otp-server migrate up")
}

/// Whether the store of limits answers, and what it keeps. Says nothing where its URL names none.
pub(super) async fn kv(config: &Config) -> Option<Finding> {
    kv_is_apart(config).ok()?;
    let forgets = |what: &str| {
        Finding::warning(Check::Kv, format!("answers; when it is killed, {what}"))
            .fix("in Redis, `appendonly yes`, and `appendfsync always` or `everysec`")
    };
    Some(match kv_keeps(config).await {
        Ok(None) => Finding::ok(Check::Kv, "limits are drawn in the database"),
        Ok(Some(Kept::Everything)) => Finding::ok(Check::Kv, "answers, and keeps every draw"),
        Ok(Some(Kept::AllButSeconds)) => {
            Finding::ok(Check::Kv, "answers; when it is killed, draws of up to two seconds are lost")
        }
        Ok(Some(Kept::Snapshot)) => forgets("draws since the last snapshot are lost"),
        Ok(Some(Kept::Nothing)) => forgets("all draws are lost"),
        Ok(Some(Kept::Unknown)) => Finding::warning(
            Check::Kv,
            "answers, but does not say whether it evicts or forgets: CONFIG is not permitted",
        )
        .fix("see to it that it has `maxmemory-policy noeviction` and `appendonly yes`"),
        Err(fault) => down(Check::Kv, fault),
    })
}

/// A store in trouble, in the words it would end a command with.
pub(super) fn down(check: Check, fault: Fault) -> Finding {
    Finding::error(check, Failure::from(fault).text())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_clock_may_be_two_seconds_off_and_what_the_question_took() {
        let at = |millis: i64| Timestamp::from_millis(1_000_000 + millis);
        for (theirs, status) in [
            (-2001, Status::Error),
            (-2000, Status::Ok),
            (0, Status::Ok),
            (300, Status::Ok),
            (2300, Status::Ok),
            (2301, Status::Error),
        ] {
            assert_eq!(compared(at(0), at(theirs), at(300)).status, status, "{theirs}");
        }
    }
}
