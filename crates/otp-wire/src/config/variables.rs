//! Variables of the environment that no setting reads. They are no errors: an environment is shared, and a manager of
//! containers puts variables of its own there. But a misspelt one would go unnoticed.

use std::collections::BTreeMap;
use std::fmt;

use super::settings::{SETTINGS, closest};

/// How the variables of settings begin.
const PREFIX: &str = "OTP_";
/// What begins so and is somebody else's: what `dev` writes for a shell, and settings of other versions.
const OTHERS: [&str; 5] =
    ["OTP_URL", "OTP_API_KEY", "OTP_OPERATOR_KEY", "OTP_DNS_SERVERS", "OTP_WEBHOOK_ALLOW_NETWORKS"];
/// How the variables begin that tests are told by.
const OF_TESTS: &str = "OTP_TEST_";

/// A variable that begins as those of settings do and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVariable {
    name: String,
    meant: Option<String>,
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} is no setting and is ignored", self.name)?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

/// Those in `environment`, in alphabetical order.
pub(super) fn unknown(environment: &BTreeMap<String, String>) -> Vec<UnknownVariable> {
    let files = SETTINGS.iter().filter(|setting| setting.secret).map(|setting| format!("{}_FILE", setting.env));
    let known: Vec<String> = SETTINGS.iter().map(|setting| setting.env.to_owned()).chain(files).collect();
    let is_known = |name: &str| known.iter().any(|known| known == name) || OTHERS.contains(&name);
    let names = environment.keys().filter(|name| name.starts_with(PREFIX) && !name.starts_with(OF_TESTS));
    let unknown = names.filter(|name| !is_known(name)).map(|name| UnknownVariable {
        name: name.clone(),
        meant: closest(name, known.iter().map(String::as_str)).map(str::to_owned),
    });
    unknown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str]) -> Vec<String> {
        let environment = names.iter().map(|name| ((*name).to_owned(), "hunter2".to_owned())).collect();
        unknown(&environment).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_variable_is_told_with_what_was_meant_and_never_its_value() {
        let told = told(&["OTP_LISTN", "OTP_SECRET_KEY_FIL", "OTP_COMPLETELY_ELSE", "OTP_LISTEN_FILE"]);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].ends_with("OTP_COMPLETELY_ELSE is no setting and is ignored"), "{told:?}");
        assert!(told[2].ends_with("did you mean OTP_LISTEN?"), "{told:?}");
        assert!(told[3].ends_with("did you mean OTP_SECRET_KEY_FILE?"), "{told:?}");
        assert!(!told.concat().contains("hunter2"));
    }

    #[test]
    fn what_is_a_setting_or_somebody_elses_is_not_told() {
        let settings = SETTINGS.iter().map(|setting| setting.env);
        let known: Vec<&str> = settings.chain(OTHERS).chain(["OTP_SECRET_KEY_FILE", "OTP_TEST_X", "PATH"]).collect();
        assert_eq!(told(&known), Vec::<String>::new());
    }
}
