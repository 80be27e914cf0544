//! Where values come from, and which wins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use otp_core::plan::{Plan, Plans};
use secrecy::{ExposeSecret, SecretString};

use super::ConfigError;
use super::settings::{SETTINGS, Setting, closest, named};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// This environment variable.
    Environment(String),
    /// The file this environment variable names.
    SecretFile(String),
    /// The configuration file.
    File,
    /// Nowhere: the default.
    Default,
    /// The command itself: `dev` brings its own.
    Command,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::SecretFile(name) => write!(f, "file named by {name}"),
            Self::File => f.write_str("configuration file"),
            Self::Default => f.write_str("default"),
            Self::Command => f.write_str("command"),
        }
    }
}

/// One value and where it comes from.
#[derive(Debug, Clone)]
pub struct Value {
    text: SecretString,
    /// Where it comes from.
    pub origin: Origin,
}

impl Value {
    fn new(text: impl Into<String>, origin: Origin) -> Self {
        Self { text: SecretString::from(text.into()), origin }
    }

    /// The text itself. Of a secret setting, it must not be shown.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

/// What a configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Values given on the command line, by name of setting.
    pub flags: BTreeMap<String, String>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// What the command brings in place of the defaults, by name of setting.
    pub command: BTreeMap<String, String>,
}

/// Every setting's value, and the plans.
#[derive(Debug, Clone)]
pub(super) struct Layers {
    pub(super) values: BTreeMap<&'static str, Value>,
    pub(super) plans: Plans,
}

impl Sources {
    /// Lays the sources over each other.
    pub(super) fn resolve(&self) -> Result<Layers, ConfigError> {
        let mut errors = Vec::new();
        let (file, plans) = match &self.file {
            Some(path) => read_file(path, &mut errors),
            None => Default::default(),
        };
        let values = SETTINGS.iter().map(|setting| (setting.name, self.value(setting, &file, &mut errors))).collect();
        if errors.is_empty() { Ok(Layers { values, plans }) } else { Err(ConfigError(errors)) }
    }

    fn value(&self, setting: &Setting, file: &BTreeMap<String, String>, errors: &mut Vec<String>) -> Value {
        if let Some(text) = self.flags.get(setting.name) {
            return Value::new(text, Origin::Flag);
        }
        if let Some(value) = self.in_environment(setting, errors) {
            return value;
        }
        if let Some(text) = file.get(setting.name) {
            return Value::new(text, Origin::File);
        }
        match self.command.get(setting.name) {
            Some(text) => Value::new(text, Origin::Command),
            None => Value::new(setting.default, Origin::Default),
        }
    }

    fn in_environment(&self, setting: &Setting, errors: &mut Vec<String>) -> Option<Value> {
        let direct = self.environment.get(setting.env);
        let pointer_name = format!("{}_FILE", setting.env);
        let pointer = self.environment.get(&pointer_name).filter(|_| setting.secret);
        match (direct, pointer) {
            (Some(_), Some(_)) => {
                errors.push(format!("{} and {pointer_name} are both set: unset one", setting.env));
                None
            }
            (Some(text), None) => Some(Value::new(text, Origin::Environment(setting.env.to_owned()))),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) => Some(Value::new(text.trim_end_matches(['\r', '\n']), Origin::SecretFile(pointer_name))),
                Err(error) => {
                    errors.push(format!("{pointer_name} names {path}, which cannot be read: {error}"));
                    None
                }
            },
            (None, None) => None,
        }
    }
}

/// The members of a configuration file, as the texts their settings would have elsewhere.
fn read_file(path: &Path, errors: &mut Vec<String>) -> (BTreeMap<String, String>, Plans) {
    let (mut values, mut plans) = (BTreeMap::new(), Plans::default());
    let table: toml::Table = match std::fs::read_to_string(path).map_err(|error| error.to_string()).and_then(parse) {
        Ok(table) => table,
        Err(error) => {
            errors.push(format!("{}: {error}", path.display()));
            return (values, plans);
        }
    };
    for (name, value) in table {
        if name == "plans" {
            read_plans(value, &mut plans, path, errors);
        } else if named(&name).is_none() {
            let known = SETTINGS.iter().map(|setting| setting.name).chain(["plans"]);
            let hint = closest(&name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default();
            errors.push(format!("{}: there is no setting {name}{hint}", path.display()));
        } else if let Some(text) = as_text(&value) {
            values.insert(name, text);
        } else {
            errors.push(format!("{}: {name} is no string, number, boolean or list of strings", path.display()));
        }
    }
    (values, plans)
}

/// Errors of the TOML parser quote the line they stand on, which may hold a secret: only the place is told.
fn parse(text: String) -> Result<toml::Table, String> {
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count() + 1);
        line.map_or_else(|| "not valid TOML".to_owned(), |line| format!("not valid TOML near line {line}"))
    })
}

fn read_plans(value: toml::Value, plans: &mut Plans, path: &Path, errors: &mut Vec<String>) {
    let toml::Value::Table(table) = value else {
        errors.push(format!("{}: plans is no table; write [plans.NAME]", path.display()));
        return;
    };
    for (name, plan) in table {
        match plan.try_into::<Plan>() {
            Ok(plan) => plans.set(name, plan),
            Err(error) => errors.push(format!("{}: [plans.{name}]: {}", path.display(), error.message())),
        }
    }
}

fn as_text(value: &toml::Value) -> Option<String> {
    if let toml::Value::Array(items) = value {
        let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
        return items.map(|items| items.join(","));
    }
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| value.as_bool().map(|it| it.to_string())).or_else(|| value.as_integer().map(|it| it.to_string()))
}
