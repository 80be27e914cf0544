//! Where values come from, and which wins.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use otp_core::plan::{Plan, Plans};
use secrecy::{ExposeSecret, SecretString};

use super::settings::{SETTINGS, Setting, closest, named};

/// The longest file that is read, in octets. One that never ends would be read for ever.
const LONGEST: u64 = 1024 * 1024;

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
    /// Nothing, if the file could not be read: which plans there are is not known then.
    pub(super) plans: Option<Plans>,
    /// The names of those that stand in the file.
    pub(super) plans_set: BTreeSet<String>,
    /// What is wrong so far.
    pub(super) errors: Vec<String>,
}

/// What stands in a configuration file.
#[derive(Default)]
struct InFile {
    /// The members, as the texts their settings would have elsewhere.
    values: BTreeMap<String, String>,
    plans: Plans,
    plans_set: BTreeSet<String>,
}

impl Sources {
    /// Lays the sources over each other, whatever is wrong with one of them: all of it is told at once.
    pub(super) fn resolve(&self) -> Layers {
        let mut errors = Vec::new();
        let file = match &self.file {
            Some(path) => read_file(path, &mut errors),
            None => Some(InFile::default()),
        };
        let (plans, in_file) = match file {
            Some(file) => (Some(file.plans.clone()), file),
            None => (None, InFile::default()),
        };
        let value = |setting: &Setting| self.value(setting, &in_file.values, &mut errors);
        let values = SETTINGS.iter().map(|setting| setting.name).zip(SETTINGS.iter().map(value)).collect();
        Layers { values, plans, plans_set: in_file.plans_set, errors }
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
            (None, Some(path)) => match read_text(Path::new(path)) {
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

/// What is in the file at `path`.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

/// What stands in a configuration file; nothing, if it cannot be read.
fn read_file(path: &Path, errors: &mut Vec<String>) -> Option<InFile> {
    let mut file = InFile::default();
    let table: toml::Table = match read_text(path).map_err(|error| error.to_string()).and_then(parse) {
        Ok(table) => table,
        Err(error) => {
            errors.push(format!("{}: {error}", path.display()));
            return None;
        }
    };
    for (name, value) in table {
        if name == "plans" {
            read_plans(value, &mut file, path, errors);
        } else if named(&name).is_none() {
            let known = SETTINGS.iter().map(|setting| setting.name).chain(["plans"]);
            let hint = closest(&name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default();
            errors.push(format!("{}: there is no setting {name}{hint}", path.display()));
        } else if let Some(text) = as_text(&value) {
            file.values.insert(name, text);
        } else {
            errors.push(format!("{}: {name} is no string, number, boolean or list of strings", path.display()));
        }
    }
    Some(file)
}

/// Errors of the TOML parser quote the line they stand on, which may hold a secret: the place is told, and what the parser
/// says of it, where that is about signs and not about values.
fn parse(text: String) -> Result<toml::Table, String> {
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count() + 1);
        let place = line.map(|line| format!(" near line {line}")).unwrap_or_default();
        let quotes = ["invalid type", "invalid value"].iter().any(|begin| error.message().starts_with(begin));
        let why = if quotes { "a number that is too large: write it as a string" } else { error.message() };
        format!("not valid TOML{place}: {why}")
    })
}

fn read_plans(value: toml::Value, file: &mut InFile, path: &Path, errors: &mut Vec<String>) {
    let toml::Value::Table(table) = value else {
        errors.push(format!("{}: plans is no table; write [plans.NAME]", path.display()));
        return;
    };
    for (name, plan) in table {
        let plan = plan.try_into::<Plan>().unwrap_or_else(|error| {
            errors.push(format!("{}: [plans.{name}]: {}", path.display(), error.message()));
            // There is one of that name: who names it is not wrong, too.
            Plan::default()
        });
        file.plans.set(name.clone(), plan);
        file.plans_set.insert(name);
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
