//! Values read as what they mean.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use otp_core::email::EmailAddress;
use otp_core::keys::MasterKey;
use otp_core::mail::Sender;
use otp_core::plan::{Plan, Plans};
use secrecy::SecretString;

use super::ConfigError;
use super::layers::{Layers, Origin, Sources, Value};
use super::settings::{SETTINGS, Setting};
use super::variables::{UnknownVariable, unknown};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
    /// For people on a terminal, else JSON.
    Auto,
}

/// One way to send mail.
#[derive(Debug, Clone)]
pub enum MailRoute {
    /// The development mailbox in memory.
    Inbox,
    /// A URL whose scheme names the adapter.
    Url(SecretString),
}

/// The configuration, read and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where metrics are told, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether somebody has said so; else it is the default, which only one process on a machine can have.
    pub metrics_listen_is_set: bool,
    /// Where clients reach it, without a slash at its end.
    pub public_url: String,
    /// Whether somebody has said so; else it follows from where the API listens.
    pub public_url_is_set: bool,
    /// The system of record.
    pub database: SecretString,
    /// Where limits are kept, if not in the system of record.
    pub kv: Option<SecretString>,
    /// Further root certificates.
    pub tls_ca_file: Option<PathBuf>,
    /// The master key.
    pub secret_key: Option<MasterKey>,
    /// The master key that was in force before.
    pub secret_key_previous: Option<MasterKey>,
    /// Ways to send mail, to be tried in turn.
    pub email: Vec<MailRoute>,
    /// Who mail is from.
    pub email_from: Option<Sender>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The plan of a new customer.
    pub default_plan: String,
    /// The plans there are.
    pub plans: Plans,
    /// Whether anybody may open an account.
    pub signup: bool,
    /// Whether `serve` sends the mail itself.
    pub worker: bool,
    /// Whether `serve` applies pending migrations.
    pub migrate: bool,
    /// What to log.
    pub log: String,
    /// How.
    pub log_format: LogFormat,
    /// Variables of the environment that begin as those of settings do and are none.
    pub unknown_variables: Vec<UnknownVariable>,
    values: BTreeMap<&'static str, Value>,
    plans_set: BTreeSet<String>,
}

impl Config {
    /// Reads and checks `sources`.
    ///
    /// # Errors
    /// [`ConfigError`], with everything that is wrong at once.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let Layers { values, plans, plans_set, errors } = sources.resolve();
        let mut reader = Reader { values: &values, errors };
        let listen = reader
            .parse("listen", "an address and port, 127.0.0.1:8080")
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let config = Self {
            listen,
            metrics_listen: reader.metrics_listen(),
            metrics_listen_is_set: values.get("metrics_listen").is_some_and(|value| value.origin != Origin::Default),
            public_url: reader.public_url(listen),
            public_url_is_set: reader.present("public_url").is_some(),
            database: SecretString::from(reader.text("database").to_owned()),
            kv: reader.present("kv").map(|url| SecretString::from(url.to_owned())),
            tls_ca_file: reader.present("tls_ca_file").map(PathBuf::from),
            secret_key: reader.secret_key("secret_key"),
            secret_key_previous: reader.secret_key("secret_key_previous"),
            email: reader.email(),
            email_from: reader.sender(),
            trusted_proxies: reader.networks(),
            default_plan: reader.plan(plans.as_ref()),
            plans: plans.unwrap_or_default(),
            signup: reader.signup(),
            worker: reader.parse("worker", "true or false").unwrap_or_default(),
            migrate: reader.migrate(),
            log: reader.text("log").to_owned(),
            log_format: reader.log_format(),
            unknown_variables: unknown(&sources.environment),
            values: BTreeMap::new(),
            plans_set,
        };
        match reader.errors {
            errors if errors.is_empty() => Ok(Self { values, ..config }),
            errors => Err(ConfigError(errors)),
        }
    }

    /// Every setting with its value, secrets masked, and its origin.
    pub fn dump(&self) -> Vec<(&'static Setting, String, Origin)> {
        SETTINGS
            .iter()
            .filter_map(|setting| {
                let value = self.values.get(setting.name)?;
                let shown = if setting.secret { mask(value.expose()) } else { value.expose().to_owned() };
                Some((setting, shown, value.origin.clone()))
            })
            .collect()
    }

    /// Every plan by its name, and its origin.
    pub fn dump_plans(&self) -> impl Iterator<Item = (&str, &Plan, Origin)> {
        let origin = |name: &str| if self.plans_set.contains(name) { Origin::File } else { Origin::Default };
        self.plans.names().filter_map(move |name| Some((name, self.plans.get(name)?, origin(name))))
    }

    /// Makes sure that `serve` could listen at both of its addresses. A worker tells its metrics where it likes.
    ///
    /// # Errors
    /// [`ConfigError`] when one takes the place of the other.
    pub fn listens_apart(&self) -> Result<(), ConfigError> {
        let api = self.listen;
        // That of IPv6 which stands for every address takes those of IPv4, too, and not the other way round.
        let takes = |any: IpAddr, one: IpAddr| any.is_unspecified() && (any.is_ipv6() || one.is_ipv4());
        let takes_its_place = |metrics: &SocketAddr| {
            let (one, other) = (metrics.ip().to_canonical(), api.ip().to_canonical());
            let same_host = one == other || takes(one, other) || takes(other, one);
            // With port 0 the system chooses, and never the same twice.
            same_host && metrics.port() == api.port() && api.port() != 0
        };
        match self.metrics_listen.filter(takes_its_place) {
            None => Ok(()),
            Some(metrics) => Err(ConfigError::from(format!(
                "metrics_listen, {metrics}, takes the place of listen, {api}: choose another port for one of them, or no \
                 metrics with OTP_METRICS_LISTEN="
            ))),
        }
    }
}

/// `secret` as far as it may be shown: nothing of it but, of URLs, the scheme, and of plain paths all.
fn mask(secret: &str) -> String {
    let mask_one = |word: &str| match word.split_once("://") {
        Some(("sqlite", path)) => format!("sqlite://{path}"),
        Some((scheme, _)) => format!("{scheme}://***"),
        None => "***".to_owned(),
    };
    secret.split_whitespace().map(mask_one).collect::<Vec<_>>().join(" ")
}

struct Reader<'a> {
    values: &'a BTreeMap<&'static str, Value>,
    errors: Vec<String>,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.values.get(name).map_or("", Value::expose).trim()
    }

    fn present(&self, name: &str) -> Option<&'a str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Notes that `name` cannot be read as `wanted`. The value is not repeated: it may be a secret put in the wrong place.
    fn reject(&mut self, name: &str, wanted: &str) {
        let origin = self.values.get(name).map_or_else(String::new, |value| format!(" (from: {})", value.origin));
        self.errors.push(format!("{name}{origin} is not {wanted}"));
    }

    fn parse<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<T> {
        let parsed = self.text(name).parse().ok();
        if parsed.is_none() {
            self.reject(name, wanted);
        }
        parsed
    }

    fn metrics_listen(&mut self) -> Option<SocketAddr> {
        self.present("metrics_listen")?;
        self.parse("metrics_listen", "an address and port like 127.0.0.1:9464, or empty")
    }

    fn public_url(&mut self, listen: SocketAddr) -> String {
        let Some(url) = self.present("public_url") else { return format!("http://{listen}") };
        let url = url.trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let plain = !host.is_empty() && !url.contains(['?', '#', '@', '"', '\\']) && !url.contains(char::is_whitespace);
        if !plain {
            self.reject("public_url", "a URL like https://login.example.org");
        }
        url.to_owned()
    }

    fn secret_key(&mut self, name: &str) -> Option<MasterKey> {
        let key = MasterKey::from_base64(self.present(name)?);
        if let Err(error) = &key {
            self.errors.push(format!("{name}: {error}"));
        }
        key.ok()
    }

    fn email(&self) -> Vec<MailRoute> {
        let route = |url: &str| match url {
            "inbox://" => MailRoute::Inbox,
            url => MailRoute::Url(SecretString::from(url.to_owned())),
        };
        self.text("email").split_whitespace().map(route).collect()
    }

    fn sender(&mut self) -> Option<Sender> {
        let text = self.present("email_from")?;
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text),
        };
        let sender = EmailAddress::parse(address).ok().filter(|_| !name.contains(char::is_control));
        if sender.is_none() {
            self.reject("email_from", "a sender like Example <no-reply@example.org>");
        }
        Some(Sender { name: name.to_owned(), address: sender? })
    }

    fn networks(&mut self) -> Vec<IpNet> {
        let words = self.text("trusted_proxies").split([',', ' ']).filter(|word| !word.is_empty());
        let network =
            |word: &str| word.parse().ok().or_else(|| word.parse().ok().map(|ip: std::net::IpAddr| IpNet::from(ip)));
        let networks: Option<Vec<IpNet>> = words.map(network).collect();
        if networks.is_none() {
            self.reject("trusted_proxies", "a list of networks like 10.0.0.0/8, fd00::/8");
        }
        networks.unwrap_or_default()
    }

    /// Which plans there are is not known where the file could not be read; that is told already.
    fn plan(&mut self, plans: Option<&Plans>) -> String {
        let name = self.text("default_plan");
        if let Some(plans) = plans
            && plans.get(name).is_none()
        {
            let names: Vec<&str> = plans.names().collect();
            self.reject("default_plan", &format!("one of the plans {}", names.join(", ")));
        }
        name.to_owned()
    }

    fn signup(&mut self) -> bool {
        match self.text("signup") {
            "open" => true,
            "closed" => false,
            _ => {
                self.reject("signup", "open or closed");
                false
            }
        }
    }

    /// A file is one server's own; what others may be using is changed when somebody says so.
    fn migrate(&mut self) -> bool {
        match self.present("migrate") {
            Some(_) => self.parse("migrate", "true or false").unwrap_or_default(),
            None => self.text("database").starts_with("sqlite:"),
        }
    }

    fn log_format(&mut self) -> LogFormat {
        match self.text("log_format") {
            "json" => LogFormat::Json,
            "text" => LogFormat::Text,
            "auto" => LogFormat::Auto,
            _ => {
                self.reject("log_format", "json, text or auto");
                LogFormat::Auto
            }
        }
    }
}
