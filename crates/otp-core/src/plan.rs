//! Plans: what a tenant may use, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::RateLimits;

/// Something a plan may include.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Feature {
    /// Mail templates of the tenant's own.
    CustomEmailTemplates,
    /// Webhook endpoints.
    Webhooks,
    /// The analytics routes.
    Analytics,
}

impl Feature {
    /// Every feature there is.
    pub const ALL: [Self; 3] = [Self::CustomEmailTemplates, Self::Webhooks, Self::Analytics];
}

/// What one plan allows. A number left out is unlimited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// Codes for one address within an hour.
    pub otp_requests_per_hour: Option<u32>,
    /// Codes a UTC day.
    pub otp_requests_per_day: Option<u32>,
    /// Codes a UTC month.
    pub otp_requests_per_month: Option<u32>,
    /// Users.
    pub max_users: Option<u32>,
    /// What it includes.
    #[serde(default)]
    pub features: Vec<Feature>,
}

impl Plan {
    /// The same, with what is set in `overrides` in place of its own.
    #[must_use]
    pub fn overridden(&self, overrides: &Overrides) -> Self {
        Self {
            otp_requests_per_hour: overrides.otp_requests_per_hour.or(self.otp_requests_per_hour),
            otp_requests_per_day: overrides.otp_requests_per_day.or(self.otp_requests_per_day),
            otp_requests_per_month: overrides.otp_requests_per_month.or(self.otp_requests_per_month),
            max_users: overrides.max_users.or(self.max_users),
            features: self.features.clone(),
        }
    }

    /// The same, with each number no higher than what a tenant has set for itself. What it set on a larger
    /// plan stays set, and is capped here.
    #[must_use]
    pub fn narrowed(self, limits: &RateLimits) -> Self {
        // Nothing is no bound, so the other one holds.
        let least = |plan: Option<u32>, own: Option<u32>| plan.into_iter().chain(own).min();
        Self {
            otp_requests_per_hour: least(self.otp_requests_per_hour, limits.otp_requests_per_hour),
            otp_requests_per_day: least(self.otp_requests_per_day, limits.otp_requests_per_day),
            otp_requests_per_month: least(self.otp_requests_per_month, limits.otp_requests_per_month),
            max_users: least(self.max_users, limits.max_users),
            features: self.features,
        }
    }
}

/// What whoever runs the service allows one tenant besides its plan. A number left out is the plan's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Overrides {
    /// Codes for one address within an hour.
    pub otp_requests_per_hour: Option<u32>,
    /// Codes a UTC day.
    pub otp_requests_per_day: Option<u32>,
    /// Codes a UTC month.
    pub otp_requests_per_month: Option<u32>,
    /// Users.
    pub max_users: Option<u32>,
}

/// The plans there are, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Plans(BTreeMap<String, Plan>);

impl Plans {
    /// The plan called `name`.
    pub fn get(&self, name: &str) -> Option<&Plan> {
        self.0.get(name)
    }

    /// Adds `plan`, in place of any of that name.
    pub fn set(&mut self, name: String, plan: Plan) {
        self.0.insert(name, plan);
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Default for Plans {
    /// `free`, `starter`, `pro` and `enterprise`.
    fn default() -> Self {
        let plan = |hour, day, month, users, features: &[Feature]| Plan {
            otp_requests_per_hour: Some(hour),
            otp_requests_per_day: Some(day),
            otp_requests_per_month: month,
            max_users: users,
            features: features.to_vec(),
        };
        Self(BTreeMap::from([
            ("free".to_owned(), plan(3, 50, Some(1_000), Some(100), &[])),
            ("starter".to_owned(), plan(10, 500, Some(10_000), Some(1_000), &Feature::ALL)),
            ("pro".to_owned(), plan(50, 5_000, Some(100_000), Some(10_000), &Feature::ALL)),
            ("enterprise".to_owned(), plan(1_000, 100_000, None, None, &Feature::ALL)),
        ]))
    }
}
