//! What effects have left behind: usage by the hour, and the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use otp_core::audit::AuditEntry;
use otp_core::effect::Counter;
use otp_core::fault::{Fault, Res};
use otp_core::id::TenantId;
use otp_core::port::{AuditLog, Counted, Metering};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};

use super::RedisStore;
use super::read::parse;

impl RedisStore {
    /// The hours from `from` until before `until` in which anything was counted.
    async fn hours(&self, op: &'static str, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Timestamp>> {
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(self.0.keys.hours(realm)).arg(from.as_millis()).arg(format!("({}", until.as_millis()));
        let hours: Vec<i64> = self.0.link.ask(op, &command).await?;
        Ok(hours.into_iter().map(Timestamp::from_millis).collect())
    }
}

#[async_trait]
impl Metering for RedisStore {
    async fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Counted>> {
        const OP: &str = "redis.counts";
        let mut counts = Vec::new();
        for hour in self.hours(OP, realm, from, until).await? {
            let command = redis::cmd("HGETALL").arg(self.0.keys.usage(realm, hour)).take();
            let counted: BTreeMap<String, u64> = self.0.link.ask(OP, &command).await?;
            for (name, count) in counted {
                let name: StrDeserializer<'_, NameError> = name.as_str().into_deserializer();
                let counter = Counter::deserialize(name).map_err(|_| Fault::corrupt(OP, "an unknown counter"))?;
                counts.push(Counted { hour, counter, count });
            }
        }
        // The order of counters is the domain's, not that of their names.
        counts.sort_unstable();
        Ok(counts)
    }

    async fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<u64> {
        const OP: &str = "redis.unique_users";
        let mut users = BTreeSet::new();
        for hour in self.hours(OP, realm, from, until).await? {
            let command = redis::cmd("SMEMBERS").arg(self.0.keys.seen(realm, hour)).take();
            users.extend(self.0.link.ask::<Vec<String>>(OP, &command).await?);
        }
        Ok(users.len() as u64)
    }

    async fn users(&self, realm: Realm) -> Res<u64> {
        let command = redis::cmd("ZCARD").arg(self.0.keys.people(realm)).take();
        self.0.link.ask("redis.users", &command).await
    }
}

#[async_trait]
impl AuditLog for RedisStore {
    async fn recent(&self, tenant: TenantId, max: usize) -> Res<Vec<AuditEntry>> {
        const OP: &str = "redis.recent";
        let Some(last) = i64::try_from(max).ok().filter(|max| *max > 0) else { return Ok(Vec::new()) };
        let mut command = redis::cmd("LRANGE");
        command.arg(self.0.keys.audit(tenant)).arg(-last).arg(-1);
        let entries: Vec<String> = self.0.link.ask(OP, &command).await?;
        entries.iter().rev().map(|entry| parse(OP, entry)).collect()
    }
}
