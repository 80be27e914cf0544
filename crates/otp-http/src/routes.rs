//! Every route there is, by kind.

use utoipa::openapi::HttpMethod;

use crate::contract::{AnyText, Routes, Shape, delete, get, post, put, unchecked};
use crate::{admin, auth, docs, health, jwks, signup};

/// The routes of the service.
pub(crate) fn routes() -> Routes {
    let routes = authentication(Routes::new());
    let routes = account(signing_up(routes));
    documented(open(operators(people(numbers(configuration(routes))))))
}

fn authentication(routes: Routes) -> Routes {
    routes
        .group("Authentication", "Signing people in, and keeping them signed in.")
        .at("/auth/request-otp", [post(auth::request_otp, &auth::REQUEST_OTP)])
        .at("/auth/verify-otp", [post(auth::verify_otp, &auth::VERIFY_OTP)])
        .at("/auth/me", [get(auth::me, &auth::ME)])
        .at("/auth/refresh", [post(auth::refresh, &auth::REFRESH)])
        .at("/auth/logout", [post(auth::logout, &auth::LOGOUT)])
        .at("/auth/introspect", [post(auth::introspect, &auth::INTROSPECT)])
        .at("/t/{customerId}/.well-known/jwks.json", [unchecked(HttpMethod::Get, jwks::live, &jwks::LIVE, |_| {})])
        .at("/t/{customerId}/test/.well-known/jwks.json", [unchecked(HttpMethod::Get, jwks::test, &jwks::TEST, |_| {})])
}

fn signing_up(routes: Routes) -> Routes {
    let token = |shape: &mut Shape| {
        shape.query_required::<AnyText>("token", "The token of the link.");
    };
    let page = [
        unchecked(HttpMethod::Get, signup::show, &signup::SHOW, token),
        unchecked(HttpMethod::Post, signup::confirm, &signup::CONFIRM, |shape| {
            shape.form::<AnyText>("token", "The token of the link.");
        }),
    ];
    routes
        .group("Signup", "Accounts for whoever wants one.")
        .at("/signup", [post(signup::request, &signup::SIGN_UP)])
        .at("/signup/verify", [post(signup::verify, &signup::VERIFY_SIGNUP)])
        .at("/signup/confirm", page)
}

fn account(routes: Routes) -> Routes {
    use admin::{keys, onboarding};
    routes
        .group("Account", "A customer's own account and its keys.")
        .at("/admin/customers/me", [get(admin::me, &admin::ME), put(admin::rename, &admin::RENAME)])
        .at("/admin/usage", [get(admin::usage, &admin::USAGE)])
        .at("/admin/customers/{customerId}/api-keys", [get(keys::list, &keys::LIST), post(keys::create, &keys::CREATE)])
        .at("/admin/customers/{customerId}/api-keys/{keyId}", [delete(keys::revoke, &keys::REVOKE)])
        .at("/admin/customers/{customerId}/api-keys/{keyId}/rotate", [post(keys::rotate, &keys::ROTATE)])
        .at("/admin/onboarding", [get(onboarding::get, &onboarding::GET), put(onboarding::put, &onboarding::PUT)])
        .at("/admin/onboarding/test-otp", [post(onboarding::test_otp, &onboarding::TEST)])
}

fn configuration(routes: Routes) -> Routes {
    use admin::config;
    routes
        .group("Configuration", "What a customer sets, in versions.")
        .at("/admin/config", [get(config::get, &config::GET), put(config::put, &config::PUT)])
        .at("/admin/config/email", [put(config::put_email, &config::PUT_EMAIL)])
        .at("/admin/config/versions", [get(config::list, &config::LIST)])
        .at("/admin/config/versions/{number}", [get(config::one, &config::ONE)])
        .at("/admin/config/versions/{number}/restore", [post(config::restore, &config::RESTORE)])
}

fn numbers(routes: Routes) -> Routes {
    use admin::{analytics, audit};
    routes
        .group("Numbers and trail", "What comes of a customer's traffic, and who did what.")
        .at("/admin/analytics", [get(analytics::overview, &analytics::OVERVIEW)])
        .at("/admin/analytics/realtime", [get(analytics::realtime, &analytics::REALTIME)])
        .at("/admin/analytics/errors", [get(analytics::errors, &analytics::ERRORS)])
        .at("/admin/audit-logs", [get(audit::list, &audit::LIST)])
}

fn people(routes: Routes) -> Routes {
    use admin::users;
    routes
        .group("Users", "Who has signed in, where, and what is held on him.")
        .at("/admin/users", [get(users::list, &users::LIST)])
        .at("/admin/users/{userId}", [get(users::get, &users::GET), delete(users::erase, &users::ERASE)])
        .at("/admin/users/{userId}/export", [get(users::export, &users::EXPORT)])
        .at(
            "/admin/users/{userId}/sessions",
            [get(users::sessions, &users::SESSIONS), delete(users::sign_out, &users::SIGN_OUT)],
        )
        .at(
            "/admin/users/{userId}/sessions/{sessionId}",
            [get(users::session, &users::SESSION), delete(users::end, &users::END)],
        )
}

fn operators(routes: Routes) -> Routes {
    routes
        .group("Operators", "For whoever runs the service.")
        .at("/admin/customers", [get(admin::list, &admin::LIST), post(admin::register, &admin::REGISTER)])
        .at("/admin/customers/{customerId}", [get(admin::get, &admin::GET)])
        .at("/admin/customers/{customerId}/status", [put(admin::set_status, &admin::SET_STATUS)])
        .at("/admin/customers/{customerId}/plan", [put(admin::set_plan, &admin::SET_PLAN)])
        .at("/admin/customers/{customerId}/suspend", [post(admin::suspend, &admin::SUSPEND)])
        .at("/admin/customers/{customerId}/activate", [post(admin::activate, &admin::ACTIVATE)])
}

fn open(routes: Routes) -> Routes {
    routes
        .group("Health", "For load balancers and people.")
        .at("/health", [unchecked(HttpMethod::Get, health::health, &health::HEALTH, |_| {})])
        .at("/health/ready", [unchecked(HttpMethod::Get, health::ready, &health::READY, |_| {})])
        .at("/health/live", [unchecked(HttpMethod::Get, health::live, &health::ALIVE, |_| {})])
}

fn documented(routes: Routes) -> Routes {
    routes
        .group("Documentation", "What you are reading.")
        .at("/openapi.json", [unchecked(HttpMethod::Get, docs::openapi, &docs::OPENAPI, |_| {})])
        .at("/docs", [unchecked(HttpMethod::Get, docs::reference, &docs::REFERENCE, docs::tell)])
        .at("/docs/errors", [unchecked(HttpMethod::Get, docs::errors, &docs::ERRORS, |_| {})])
        .at("/docs/guides/{guide}", [unchecked(HttpMethod::Get, docs::guide, &docs::GUIDE, |_| {})])
}
