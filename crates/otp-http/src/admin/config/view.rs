//! A configuration as its owner reads it: what he has set, and the defaults of what he has not. Secrets are not in it.

use ipnet::IpNet;
use otp_core::config::{Blocked, EmailConfig, Origin, Provider, ProviderKind, SameSite, TenantConfig, Variables};
use otp_core::locale::Locale;
use otp_core::plan::Plan;
use otp_core::token::Algorithm;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigView<'t> {
    email_config: EmailView<'t>,
    otp: OtpView<'t>,
    rate_limits: RateView,
    locale: Locale,
    allowed_origins: &'t [Origin],
    allowed_ips: &'t [IpNet],
    blocked_emails: &'t [Blocked],
    tokens: TokenView<'t>,
    session: SessionView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EmailView<'t> {
    from_email: Option<&'t str>,
    from_name: Option<&'t str>,
    reply_to: Option<&'t str>,
    subject_template: Option<&'t str>,
    html_template: Option<&'t str>,
    text_template: Option<&'t str>,
    variables: &'t Variables,
    provider: Option<ProviderView>,
    code_in_subject: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProviderView {
    kind: ProviderKind,
    fallback: bool,
    secret_set: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtpView<'t> {
    length: u8,
    ttl_seconds: u64,
    max_attempts: u8,
    test_code: Option<&'t str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RateView {
    otp_requests_per_hour: Option<u32>,
    otp_requests_per_day: Option<u32>,
    otp_requests_per_month: Option<u32>,
    max_users: Option<u32>,
    per_client_per_hour: u32,
    per_client_wrong_per_hour: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenView<'t> {
    algorithm: Algorithm,
    access_ttl_seconds: u64,
    refresh_idle_seconds: u64,
    refresh_absolute_seconds: u64,
    audience: Option<&'t str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionView {
    cookie: bool,
    same_site: SameSite,
}

impl<'t> ConfigView<'t> {
    /// `config` as it holds on `plan`.
    pub(super) fn of(config: &'t TenantConfig, plan: &Plan) -> Self {
        let limits = plan.clone().narrowed(&config.rate_limits);
        let lifetimes = config.tokens.lifetimes();
        Self {
            email_config: EmailView::of(&config.email_config),
            otp: OtpView {
                length: config.otp.length(),
                ttl_seconds: config.otp.ttl().as_secs(),
                max_attempts: config.otp.max_attempts(),
                test_code: config.otp.test_code.as_deref(),
            },
            rate_limits: RateView {
                otp_requests_per_hour: limits.otp_requests_per_hour,
                otp_requests_per_day: limits.otp_requests_per_day,
                otp_requests_per_month: limits.otp_requests_per_month,
                max_users: limits.max_users,
                per_client_per_hour: config.rate_limits.per_client(),
                per_client_wrong_per_hour: config.rate_limits.wrong_per_client(),
            },
            locale: config.locale.unwrap_or_default(),
            allowed_origins: &config.allowed_origins,
            allowed_ips: &config.allowed_ips,
            blocked_emails: &config.blocked_emails,
            tokens: TokenView {
                algorithm: config.tokens.algorithm(),
                access_ttl_seconds: lifetimes.access.as_secs(),
                refresh_idle_seconds: lifetimes.idle.as_secs(),
                refresh_absolute_seconds: lifetimes.absolute.as_secs(),
                audience: config.tokens.audience.as_deref(),
            },
            session: SessionView { cookie: config.session.cookie(), same_site: config.session.same_site() },
        }
    }
}

impl<'t> EmailView<'t> {
    pub(super) fn of(email: &'t EmailConfig) -> Self {
        Self {
            from_email: email.from_email.as_deref(),
            from_name: email.from_name.as_deref(),
            reply_to: email.reply_to.as_deref(),
            subject_template: email.subject_template.as_deref(),
            html_template: email.html_template.as_deref(),
            text_template: email.text_template.as_deref(),
            variables: &email.variables,
            provider: email.provider.as_ref().map(ProviderView::of),
            code_in_subject: email.code_in_subject.unwrap_or_default(),
        }
    }
}

impl ProviderView {
    fn of(provider: &Provider) -> Self {
        Self {
            kind: provider.kind,
            fallback: provider.fallback.unwrap_or_default(),
            secret_set: !provider.secrets.is_empty(),
        }
    }
}
