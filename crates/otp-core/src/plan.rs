//! Plans: what a tenant may use, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
