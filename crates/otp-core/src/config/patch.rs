//! How a configuration is changed: by a merge patch, or back to an earlier version.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use url::Url;

use super::flaw::NotInPlan;
use super::members::{Members, Read, flag, line, number, one_of, small, source, text};
use super::{
    ConfigFlaw, EmailConfig, Flawed, LONGEST_ACCESS, OtpConfig, Provider, ProviderKind, RateLimits, SameSite, Secret,
    SessionConfig, TenantConfig, TokenConfig, Variables,
};
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::locale::Locale;
use crate::plan::{Feature, Plan};
use crate::token::Algorithm;

/// Longest source of a template, in octets.
const MAX_TEMPLATE: usize = 64 * 1024;
/// Longest subject, in octets (RFC 5322, section 2.1.1, less the name of the field).
const MAX_SUBJECT: usize = 900;
/// Longest line of anything else, in octets.
const MAX_LINE: usize = 500;
/// Entries of a list.
const MAX_LIST: usize = 1000;
/// The longest a session may be told to live: a year.
const YEAR: u32 = 366 * 24 * 3600;

/// Why a configuration was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Something in it is wrong; everything that is.
    #[error("the configuration is not valid")]
    Invalid(Vec<Flawed>),
    /// It takes a feature the plan lacks.
    #[error(transparent)]
    NotInPlan(#[from] NotInPlan),
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// `config` as changed by the merge patch `patch` (RFC 7396), within `plan`. `seal` seals what nobody may read back.
///
/// # Errors
/// [`ConfigError`]; of `Invalid`, every flaw there is.
pub fn patched(
    config: &TenantConfig,
    patch: &Value,
    plan: &Plan,
    seal: &dyn Fn(&str) -> Res<Secret>,
) -> Result<TenantConfig, ConfigError> {
    let Value::Object(object) = patch else {
        return Err(ConfigError::Invalid(vec![Flawed::new("", ConfigFlaw::WrongType("an object"))]));
    };
    let mut changed = config.clone();
    let mut sealing = Sealing { seal, fault: None };
    let mut members = Members::of(String::new(), object);
    whole(&mut changed, &mut members, plan, &mut sealing);
    let mut flaws = members.close();
    flaws.extend(contradictions(&changed));
    match sealing.fault {
        Some(fault) => Err(fault.into()),
        None if flaws.is_empty() => within_plan(config, changed, plan),
        None => Err(ConfigError::Invalid(flaws)),
    }
}

/// The earlier version `before` in place of `config`, if `plan` allows it today. What is sealed stays as it is now.
///
/// # Errors
/// [`ConfigError`].
pub fn restored(config: &TenantConfig, before: &TenantConfig, plan: &Plan) -> Result<TenantConfig, ConfigError> {
    let mut restored = before.clone();
    restored.email_config.provider.clone_from(&config.email_config.provider);
    let limits = &restored.rate_limits;
    let capped = [
        ("otpRequestsPerHour", limits.otp_requests_per_hour, plan.otp_requests_per_hour),
        ("otpRequestsPerDay", limits.otp_requests_per_day, plan.otp_requests_per_day),
        ("otpRequestsPerMonth", limits.otp_requests_per_month, plan.otp_requests_per_month),
        ("maxUsers", limits.max_users, plan.max_users),
    ];
    let above = |(name, set, most): (&str, Option<u32>, Option<u32>)| {
        let most = most.filter(|most| set.is_some_and(|set| set > *most))?;
        Some(Flawed::new(format!("/rateLimits/{name}"), ConfigFlaw::AbovePlan { most }))
    };
    let flaws: Vec<_> = capped.into_iter().filter_map(above).collect();
    if flaws.is_empty() { within_plan(config, restored, plan) } else { Err(ConfigError::Invalid(flaws)) }
}

/// Seals what is secret; the first fault is kept, for reading goes on.
struct Sealing<'s> {
    seal: &'s dyn Fn(&str) -> Res<Secret>,
    fault: Option<Fault>,
}

fn whole(config: &mut TenantConfig, members: &mut Members<'_>, plan: &Plan, sealing: &mut Sealing<'_>) {
    members.object("emailConfig", &mut config.email_config, |email, members| mail(email, members, sealing));
    members.object("otp", &mut config.otp, codes);
    members.object("rateLimits", &mut config.rate_limits, |limits, members| rates(limits, members, plan));
    members.set("locale", &mut config.locale, |value| Locale::from_tag(text(value)?).ok_or(ConfigFlaw::InvalidLocale));
    members.list("allowedOrigins", MAX_LIST, &mut config.allowed_origins, |text| {
        text.parse().map_err(|_| ConfigFlaw::InvalidOrigin)
    });
    members.list("allowedIps", MAX_LIST, &mut config.allowed_ips, network);
    members.list("blockedEmails", MAX_LIST, &mut config.blocked_emails, |text| {
        text.parse().map_err(|_| ConfigFlaw::InvalidBlocked)
    });
    members.object("tokens", &mut config.tokens, tokens);
    members.object("session", &mut config.session, session);
}

/// An address, or a network: IPv4 in IPv6 unwrapped, host bits cleared.
///
/// # Errors
/// [`ConfigFlaw::InvalidNetwork`] when it is neither.
pub fn network(text: &str) -> Result<IpNet, ConfigFlaw> {
    let address = text.parse::<IpAddr>().map(IpNet::from).ok();
    let network = address.or_else(|| text.parse().ok()).ok_or(ConfigFlaw::InvalidNetwork)?;
    Ok(unwrapped(network).trunc())
}

fn unwrapped(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let inner = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    inner.and_then(|(address, prefix)| IpNet::new(address.into(), prefix).ok()).unwrap_or(network)
}

fn mail(email: &mut EmailConfig, members: &mut Members<'_>, sealing: &mut Sealing<'_>) {
    members.set("fromEmail", &mut email.from_email, address);
    members.set("fromName", &mut email.from_name, line(MAX_LINE));
    members.set("replyTo", &mut email.reply_to, address);
    members.set("subjectTemplate", &mut email.subject_template, line(MAX_SUBJECT));
    members.set("htmlTemplate", &mut email.html_template, source(MAX_TEMPLATE));
    members.set("textTemplate", &mut email.text_template, source(MAX_TEMPLATE));
    members.object("variables", &mut email.variables, variables);
    provider(email, members, sealing);
    members.set("codeInSubject", &mut email.code_in_subject, flag);
}

fn address(value: &Value) -> Read<String> {
    let address = EmailAddress::parse(text(value)?).map_err(|_| ConfigFlaw::InvalidEmail)?;
    Ok(address.mailbox().to_owned())
}

fn variables(variables: &mut Variables, members: &mut Members<'_>) {
    members.set("appName", &mut variables.app_name, line(MAX_LINE));
    members.set("brandColor", &mut variables.brand_color, color);
    members.set("footerText", &mut variables.footer_text, line(MAX_LINE));
    members.set("supportUrl", &mut variables.support_url, link);
    members.set("logoUrl", &mut variables.logo_url, link);
}

fn color(value: &Value) -> Read<String> {
    let text = text(value)?;
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    let is_color = digits.is_some_and(|digits| digits.bytes().all(|octet| octet.is_ascii_hexdigit()));
    if is_color { Ok(text.to_ascii_lowercase()) } else { Err(ConfigFlaw::InvalidColor) }
}

fn link(value: &Value) -> Read<String> {
    let text = line(MAX_LINE)(value)?;
    let is_link = Url::parse(&text).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if is_link { Ok(text) } else { Err(ConfigFlaw::InvalidUrl) }
}

/// Members of a provider that are sealed.
const SECRETS: [&str; 6] = ["apiKey", "username", "password", "region", "host", "port"];

fn provider(email: &mut EmailConfig, members: &mut Members<'_>, sealing: &mut Sealing<'_>) {
    // A provider without a kind is none, so it is read as parts and put together again.
    let mut parts = email.provider.take().map_or_else(Parts::default, Parts::of);
    members.object("provider", &mut parts, |parts, members| {
        const KINDS: [(&str, ProviderKind); 4] = [
            ("resend", ProviderKind::Resend),
            ("sendgrid", ProviderKind::Sendgrid),
            ("ses", ProviderKind::Ses),
            ("smtp", ProviderKind::Smtp),
        ];
        members.set("kind", &mut parts.kind, one_of("resend, sendgrid, ses, smtp", &KINDS));
        for name in SECRETS {
            let mut secret = parts.secrets.remove(name);
            members.set(name, &mut secret, |value| sealed(name, value, sealing));
            parts.secrets.extend(secret.map(|secret| (name.to_owned(), secret)));
        }
        members.set("fallback", &mut parts.fallback, flag);
        if parts.kind.is_none() {
            members.note("kind", ConfigFlaw::Missing);
        }
    });
    email.provider = parts.whole();
}

/// A provider in the making.
#[derive(Default)]
struct Parts {
    kind: Option<ProviderKind>,
    secrets: std::collections::BTreeMap<String, Secret>,
    fallback: Option<bool>,
}

impl Parts {
    fn of(Provider { kind, secrets, fallback }: Provider) -> Self {
        Self { kind: Some(kind), secrets, fallback }
    }

    fn whole(self) -> Option<Provider> {
        Some(Provider { kind: self.kind?, secrets: self.secrets, fallback: self.fallback })
    }
}

fn sealed(name: &str, value: &Value, sealing: &mut Sealing<'_>) -> Read<Secret> {
    let plain = match name {
        "port" => number(1, 65_535)(value)?.to_string(),
        _ => line(MAX_LINE)(value)?,
    };
    (sealing.seal)(&plain).map_err(|fault| {
        sealing.fault.get_or_insert(fault);
        ConfigFlaw::Missing
    })
}

fn codes(otp: &mut OtpConfig, members: &mut Members<'_>) {
    members.set("length", &mut otp.length, small(6, 12));
    members.set("ttlSeconds", &mut otp.ttl_seconds, number(60, 600));
    members.set("maxAttempts", &mut otp.max_attempts, small(1, 10));
    members.set("testCode", &mut otp.test_code, |value| text(value).map(str::to_owned));
}

fn rates(limits: &mut RateLimits, members: &mut Members<'_>, plan: &Plan) {
    members.set("otpRequestsPerHour", &mut limits.otp_requests_per_hour, capped(plan.otp_requests_per_hour));
    members.set("otpRequestsPerDay", &mut limits.otp_requests_per_day, capped(plan.otp_requests_per_day));
    members.set("otpRequestsPerMonth", &mut limits.otp_requests_per_month, capped(plan.otp_requests_per_month));
    members.set("maxUsers", &mut limits.max_users, capped(plan.max_users));
    members.set("perClientPerHour", &mut limits.per_client_per_hour, number(1, 100_000));
    members.set("perClientWrongPerHour", &mut limits.per_client_wrong_per_hour, number(1, 100_000));
}

/// A number up to what the plan allows.
fn capped(most: Option<u32>) -> impl Fn(&Value) -> Read<u32> {
    move |value| {
        let number = number(0, u32::MAX)(value)?;
        match most {
            Some(most) if number > most => Err(ConfigFlaw::AbovePlan { most }),
            _ => Ok(number),
        }
    }
}

fn tokens(tokens: &mut TokenConfig, members: &mut Members<'_>) {
    const ALGORITHMS: [(&str, Algorithm); 3] =
        [("HS256", Algorithm::Hs256), ("ES256", Algorithm::Es256), ("EdDSA", Algorithm::EdDsa)];
    members.set("algorithm", &mut tokens.algorithm, one_of("HS256, ES256, EdDSA", &ALGORITHMS));
    members.set("accessTtlSeconds", &mut tokens.access_ttl_seconds, number(300, LONGEST_ACCESS));
    members.set("refreshIdleSeconds", &mut tokens.refresh_idle_seconds, number(300, YEAR));
    members.set("refreshAbsoluteSeconds", &mut tokens.refresh_absolute_seconds, number(300, YEAR));
    members.set("audience", &mut tokens.audience, line(255));
}

fn session(session: &mut SessionConfig, members: &mut Members<'_>) {
    const SITES: [(&str, SameSite); 3] =
        [("lax", SameSite::Lax), ("strict", SameSite::Strict), ("none", SameSite::None)];
    members.set("cookie", &mut session.cookie, flag);
    members.set("sameSite", &mut session.same_site, one_of("lax, strict, none", &SITES));
}

/// What is wrong with members that are right by themselves.
fn contradictions(config: &TenantConfig) -> Vec<Flawed> {
    let mut flaws = Vec::new();
    let length = config.otp.length();
    let fits = |code: &str| code.len() == usize::from(length) && code.bytes().all(|octet| octet.is_ascii_digit());
    if config.otp.test_code.as_deref().is_some_and(|code| !fits(code)) {
        flaws.push(Flawed::new("/otp/testCode", ConfigFlaw::InvalidTestCode(length)));
    }
    let lifetimes = config.tokens.lifetimes();
    // Of the defaults one may be left behind by the other; the earlier end holds, and nothing is contradicted.
    if config.tokens.refresh_idle_seconds.is_some() && lifetimes.idle > lifetimes.absolute {
        flaws.push(Flawed::new("/tokens/refreshIdleSeconds", ConfigFlaw::IdleAboveAbsolute));
    }
    flaws
}

/// `changed`, unless it sets what `plan` does not include. What was set on another plan may stay.
fn within_plan(before: &TenantConfig, changed: TenantConfig, plan: &Plan) -> Result<TenantConfig, ConfigError> {
    let (old, new) = (&before.email_config, &changed.email_config);
    let written = |old: &Option<String>, new: &Option<String>| new.is_some() && old != new;
    let mail = written(&old.subject_template, &new.subject_template)
        || written(&old.html_template, &new.html_template)
        || written(&old.text_template, &new.text_template)
        || new.provider.is_some() && old.provider != new.provider;
    if mail && !plan.features.contains(&Feature::CustomEmailTemplates) {
        return Err(NotInPlan(Feature::CustomEmailTemplates).into());
    }
    Ok(changed)
}
