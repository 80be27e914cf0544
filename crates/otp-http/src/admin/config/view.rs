//! A configuration as its owner reads it: what he has set, and the defaults of what he has not. Secrets are not in it.

use ipnet::IpNet;
use otp_core::config::{Blocked, EmailConfig, Origin, Provider, ProviderKind, SameSite, TenantConfig, Variables};
use otp_core::locale::Locale;
use otp_core::plan::Plan;
use otp_core::token::Algorithm;
use serde::Serialize;
use utoipa::ToSchema;

use crate::contract;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Config)]
pub(crate) struct ConfigView<'t> {
    email_config: EmailView<'t>,
    otp: OtpView<'t>,
    rate_limits: RateView,
    #[schema(value_type = contract::Language)]
    locale: Locale,
    #[schema(value_type = Vec<String>)]
    allowed_origins: &'t [Origin],
    #[schema(value_type = Vec<contract::Network>)]
    allowed_ips: &'t [IpNet],
    #[schema(value_type = Vec<String>)]
    blocked_emails: &'t [Blocked],
    tokens: TokenView<'t>,
    session: SessionView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EmailConfig)]
pub(crate) struct EmailView<'t> {
    #[schema(required)]
    from_email: Option<&'t str>,
    #[schema(required)]
    from_name: Option<&'t str>,
    #[schema(required)]
    reply_to: Option<&'t str>,
    #[schema(required)]
    subject_template: Option<&'t str>,
    #[schema(required)]
    html_template: Option<&'t str>,
    #[schema(required)]
    text_template: Option<&'t str>,
    #[schema(value_type = MailVariables)]
    variables: &'t Variables,
    #[schema(required)]
    provider: Option<ProviderView>,
    code_in_subject: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Provider)]
struct ProviderView {
    #[schema(value_type = contract::ProviderName)]
    kind: ProviderKind,
    fallback: bool,
    secret_set: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OtpConfig)]
struct OtpView<'t> {
    length: u8,
    ttl_seconds: u64,
    max_attempts: u8,
    #[schema(required)]
    test_code: Option<&'t str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RateLimits)]
struct RateView {
    #[schema(required)]
    otp_requests_per_hour: Option<u32>,
    #[schema(required)]
    otp_requests_per_day: Option<u32>,
    #[schema(required)]
    otp_requests_per_month: Option<u32>,
    #[schema(required)]
    max_users: Option<u32>,
    per_client_per_hour: u32,
    per_client_wrong_per_hour: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenConfig)]
struct TokenView<'t> {
    #[schema(value_type = contract::SigningAlgorithm)]
    algorithm: Algorithm,
    access_ttl_seconds: u64,
    refresh_idle_seconds: u64,
    refresh_absolute_seconds: u64,
    #[schema(required)]
    audience: Option<&'t str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SessionConfig)]
struct SessionView {
    cookie: bool,
    #[schema(value_type = contract::SameSiteName)]
    same_site: SameSite,
}

/// What templates may name.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "told of, never made: they are the domain's `Variables`")]
struct MailVariables {
    #[schema(required)]
    app_name: Option<String>,
    #[schema(required)]
    brand_color: Option<String>,
    #[schema(required)]
    footer_text: Option<String>,
    #[schema(required)]
    support_url: Option<String>,
    #[schema(required)]
    logo_url: Option<String>,
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
