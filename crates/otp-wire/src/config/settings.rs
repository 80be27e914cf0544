//! The list of settings: names, environment variables, defaults.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the file; with dashes, its flag.
    pub name: &'static str,
    /// Its environment variable.
    pub env: &'static str,
    /// What its value is, in a word; of a secret nobody says so on a command line.
    pub value: &'static str,
    /// Its value if nothing sets it; empty means none.
    pub default: &'static str,
    /// Whether its value must not be shown. A secret may also stand in a file named by `{env}_FILE`.
    pub secret: bool,
    /// What it means.
    pub help: &'static str,
}

const fn open(
    name: &'static str,
    env: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, env, value, default, secret: false, help }
}

const fn secret(name: &'static str, env: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, env, value: "SECRET", default, secret: true, help }
}

/// Every setting, in the order they are shown.
pub const SETTINGS: [Setting; 17] = [
    open("listen", "OTP_LISTEN", "ADDR:PORT", "127.0.0.1:8080", "Address and port of the API"),
    open(
        "metrics_listen",
        "OTP_METRICS_LISTEN",
        "ADDR:PORT",
        "127.0.0.1:9464",
        "Address and port of /metrics; empty: no metrics",
    ),
    open(
        "public_url",
        "OTP_PUBLIC_URL",
        "URL",
        "",
        "Where clients reach it, https://login.example.org; issuer of tokens",
    ),
    secret(
        "database",
        "OTP_DATABASE_URL",
        "sqlite://otp-data/otp.db",
        "System of record: sqlite://PATH, or postgres://USER:PASSWORD@HOST/NAME for several nodes",
    ),
    secret(
        "kv",
        "OTP_KV_URL",
        "",
        "Where limits are drawn: redis://:PASSWORD@HOST, rediss://…; empty: in the database",
    ),
    open("tls_ca_file", "OTP_TLS_CA_FILE", "FILE", "", "PEM file of further root certificates"),
    secret("secret_key", "OTP_SECRET_KEY", "", "32 random octets in base 64"),
    secret(
        "secret_key_previous",
        "OTP_SECRET_KEY_PREVIOUS",
        "",
        "The secret key before, until `otp-server secret rotate` has finished",
    ),
    secret(
        "email",
        "OTP_EMAIL_URL",
        "",
        "smtp://user:password@host:587, smtps://…, smtp://host:25?tls=none; several, separated by blanks, are tried in turn",
    ),
    open("email_from", "OTP_EMAIL_FROM", "SENDER", "", "Sender of mail: Example <no-reply@example.org>"),
    open(
        "trusted_proxies",
        "OTP_TRUSTED_PROXIES",
        "CIDR,…",
        "",
        "Networks whose X-Forwarded-For is believed: 10.0.0.0/8, fd00::/8",
    ),
    open("default_plan", "OTP_DEFAULT_PLAN", "PLAN", "free", "Plan of a new customer"),
    open(
        "signup",
        "OTP_SIGNUP",
        "WHO",
        "open",
        "open: anybody may open an account by mail; closed: operators make them",
    ),
    open("worker", "OTP_WORKER", "BOOL", "true", "Whether serve sends the mail itself; otherwise otp-worker has to"),
    open(
        "migrate",
        "OTP_MIGRATE",
        "BOOL",
        "",
        "Whether serve applies pending migrations; unset: on SQLite it does, on Postgres not",
    ),
    open("log", "OTP_LOG", "FILTER", "info", "What to log: error, warn, info, debug, or target=level,…"),
    open("log_format", "OTP_LOG_FORMAT", "FORMAT", "auto", "json, text, or auto: text on a terminal"),
];

/// The setting called `name`.
pub(super) fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The known word closest to `word`, if it is close enough to be meant.
pub(super) fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::levenshtein(word, name), name))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_are_recognised() {
        let names = || SETTINGS.iter().map(|setting| setting.name);
        assert_eq!(closest("lisen", names()), Some("listen"));
        assert_eq!(closest("publicurl", names()), Some("public_url"));
        assert_eq!(closest("completely_else", names()), None);
    }
}
