//! Every code an error answer may carry, and what each means.

use http::StatusCode;

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal, $title:literal, $detail:literal, $remedy:literal;)+) => {
        /// What went wrong, as a program tells it apart: the member `code` of an error answer. A closed set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)+
        }

        impl ProblemCode {
            /// Every code there is, by status.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it is written in answers, and the fragment of its documentation's address.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }

            /// What it is, in a few words; the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }

            /// What happened, in a sentence or two.
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$name => $detail),+ }
            }

            /// What to do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy),+ }
            }
        }
    };
}

problem_codes! {
    /// The body is no JSON text.
    InvalidJson = BAD_REQUEST, "invalid_json", "The body is not JSON",
        "The body could not be read as JSON in UTF-8.",
        "Send one JSON object. Look for trailing commas, single quotes and text cut short.";
    /// The body or the query breaks the contract.
    InvalidRequest = BAD_REQUEST, "invalid_request", "The request is not valid",
        "Something in the body, the query or a header is missing, unknown or malformed; `errors` lists every fault.",
        "Correct each entry of `errors`: `pointer` says where (RFC 6901), `code` what, `message` how to fix it.";
    /// The text cannot be a code.
    InvalidOtpFormat = BAD_REQUEST, "invalid_otp_format", "Not the form of a code",
        "`otp` does not have as many digits as the code that was sent. No attempt was spent.",
        "Ask the user to type all digits of the code. Spaces and dashes between them do no harm.";
    /// The caller would shut himself out.
    LocksYouOut = BAD_REQUEST, "locks_you_out", "This would lock you out",
        "The networks in `allowedIps` do not include the address this call came from. Nothing was changed.",
        "Include the address of every server that uses a secret key, this one too.";
    /// No key, or one that opens nothing.
    InvalidApiKey = UNAUTHORIZED, "invalid_api_key", "No valid API key",
        "The API key is missing, malformed, unknown, expired or revoked, or two different keys were sent.",
        "Send one key, in `X-OTP-API-Key` or as `Authorization: Bearer`. Make a new one if this one was revoked.";
    /// No token, or one that is not alive.
    InvalidToken = UNAUTHORIZED, "invalid_token", "No valid token",
        "The token is missing, malformed, expired, ended, or another customer's.",
        "Refresh the session, or let the user sign in again.";
    /// A wrong code.
    OtpInvalid = UNAUTHORIZED, "otp_invalid", "Wrong code",
        "The code is wrong. `remainingAttempts` says how many attempts are left.",
        "Let the user try again while attempts are left.";
    /// No live code.
    OtpExpired = UNAUTHORIZED, "otp_expired", "No live code",
        "No code is alive for this: it expired, was used, or was never asked for.",
        "Ask for a new code.";
    /// All attempts are spent.
    OtpAttemptsExceeded = UNAUTHORIZED, "otp_attempts_exceeded", "No attempts left",
        "All attempts at this code were spent.",
        "Ask for a new code.";
    /// A replaced refresh token came back.
    RefreshReused = UNAUTHORIZED, "refresh_reused", "The refresh token was used before",
        "This refresh token had been replaced. Someone may have copied it, so its session has ended.",
        "Let the user sign in again. Keep the newest refresh token only, and refresh from one place.";
    /// A secret key came from a browser.
    SecretKeyInBrowser = FORBIDDEN, "secret_key_in_browser", "A secret key in a browser",
        "The request has an `Origin` header, so a browser sent it, and with it a secret key.",
        "Revoke the key: whoever saw the page may have it. Call from your server.";
    /// The origin is not on the customer's list.
    OriginNotAllowed = FORBIDDEN, "origin_not_allowed", "The origin is not allowed",
        "The page that called is of an origin the customer has not allowed, or a publishable key came without any.",
        "Add the origin to `allowedOrigins` of the configuration, exactly as the browser sends it.";
    /// A call that rests on a cookie lacks what shows that its page meant it.
    CsrfFailed = FORBIDDEN, "csrf_failed", "No CSRF token beside the cookie",
        "The call rests on the session's cookie, and `X-CSRF-Token` is missing or not the one that belongs to it.",
        "Send the newest `csrfToken`: from the answer that signed in or refreshed last, in any tab, or from `GET /auth/me`.";
    /// The customer is suspended.
    CustomerSuspended = FORBIDDEN, "customer_suspended", "The customer is suspended",
        "The customer this key or token belongs to is suspended.",
        "Ask whoever runs the service.";
    /// The customer is cancelled.
    CustomerCancelled = FORBIDDEN, "customer_cancelled", "The customer is cancelled",
        "The customer this key or token belongs to was cancelled, for good.",
        "Use the key of another account.";
    /// The address is on no list.
    IpNotAllowed = FORBIDDEN, "ip_not_allowed", "The address is not allowed",
        "Secret keys of this customer, or this one, may not be used from the address this call came from.",
        "Call from an address within `allowedIps`, or add this one from there.";
    /// The key is not for this route.
    InsufficientScope = FORBIDDEN, "insufficient_scope", "The key does not open this",
        "The key is valid, but not for this route: publishable and test keys open `/auth` only, operator keys operator routes.",
        "Use a live secret key of the customer.";
    /// The route is for operators.
    OperatorRequired = FORBIDDEN, "operator_required", "For operators only",
        "This route takes an operator key; the key sent is a customer's.",
        "Use an operator key. `otp-server operator create` makes one.";
    /// The plan lacks the feature.
    FeatureNotInPlan = FORBIDDEN, "feature_not_in_plan", "Not in the plan",
        "What the call reads or sets needs a feature the customer's plan does not include. Nothing was changed.",
        "Leave it out, or ask whoever runs the service for another plan.";
    /// Mail for trying goes to the account's owner only.
    RecipientNotAllowed = FORBIDDEN, "recipient_not_allowed", "Not to this address",
        "Mail for trying out goes to the owner of the account only; the address sent is another. Nothing was sent.",
        "Leave `email` out, or name the account's own address.";
    /// The customer has blocked the address.
    EmailBlocked = FORBIDDEN, "email_blocked", "The address is blocked",
        "The customer has put this address, or its domain, into `blockedEmails`.",
        "Take it off that list, or let the user sign in with another address.";
    /// The host is not this machine.
    HostNotAllowed = FORBIDDEN, "host_not_allowed", "Not a host of this server",
        "This server answers to loopback names only, and the request names another host.",
        "Use `localhost`, `127.0.0.1` or `[::1]`. To serve others, run `otp-server serve`.";
    /// The plan has no room for one more user.
    UserLimitReached = FORBIDDEN, "user_limit_reached", "No room for another user",
        "The code is right, but its address would be a new user, and the plan holds no more. The code is used up, and nobody was signed in.",
        "Take a plan that holds more users. Those there are sign in as before.";
    /// Nobody may sign up.
    SignupClosed = FORBIDDEN, "signup_closed", "Signup is closed",
        "This service opens no accounts by itself: its setting `signup` is `closed`.",
        "Ask whoever runs the service for an account.";
    /// There is no such thing.
    NotFound = NOT_FOUND, "not_found", "Not found",
        "There is nothing at this path, or no object of this id.",
        "Check the path and the id.";
    /// The path does not take this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed",
        "This path exists, but not for this method.",
        "Use a method listed in the header `Allow`.";
    /// The body did not come in time.
    RequestTimeout = REQUEST_TIMEOUT, "request_timeout", "The request took too long to arrive",
        "The body was announced, but did not arrive within 10 seconds.",
        "Repeat the call, with the whole body at once.";
    /// The address has an account.
    EmailTaken = CONFLICT, "email_taken", "The address has an account",
        "Another customer is registered with this email address.",
        "Use another address, or the account there is.";
    /// It cannot become that from what it is.
    InvalidTransition = CONFLICT, "invalid_transition", "Not from the state it is in",
        "A cancelled customer stays cancelled, and only an active key can be rotated.",
        "Read the object again: its status says what can be done with it.";
    /// The last key may not go.
    LastKey = CONFLICT, "last_key", "The last key",
        "This is the customer's last live secret key without an end. Without it nobody could manage the account.",
        "Create another secret key first, then revoke this one.";
    /// There are as many keys as there may be.
    TooManyKeys = CONFLICT, "too_many_keys", "Too many keys",
        "A customer has at most 100 keys that are neither expired nor revoked; one that is rotated counts until its grace ends.",
        "Revoke keys that are not used any more; `lastUsedAt` tells which.";
    /// The configuration has another version.
    VersionConflict = PRECONDITION_FAILED, "version_conflict", "Changed meanwhile",
        "The configuration does not have the version named in `If-Match` any more. Nothing was changed.",
        "Read it again, see what has changed, and repeat the change with the new `ETag`.";
    /// The body is too long.
    PayloadTooLarge = PAYLOAD_TOO_LARGE, "payload_too_large", "The body is too long",
        "The body is longer than 16 KiB, or under `/admin/config` than 256 KiB.",
        "Send a shorter one; no valid request comes near that.";
    /// The body is not sent as JSON.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Not sent as JSON",
        "The request has a body, but its `Content-Type` is not `application/json`.",
        "Send `Content-Type: application/json`.";
    /// The same call is being made.
    IdempotencyInFlight = CONFLICT, "idempotency_in_flight", "The same call is under way",
        "A call with this `Idempotency-Key` is being made at this moment, or was broken off less than a minute ago.",
        "Repeat it a moment later: it is answered like the one under way.";
    /// The idempotency key belongs to another body.
    IdempotencyMismatch = UNPROCESSABLE_ENTITY, "idempotency_mismatch", "The idempotency key was used before",
        "This `Idempotency-Key` was sent before with another body.",
        "Use a fresh key for a new request, and the same body when repeating one.";
    /// A limit refused.
    RateLimited = TOO_MANY_REQUESTS, "rate_limited", "Too many requests",
        "A limit refused the request: `rule` says which, `limit` how many it allows in `windowSeconds`. Nothing was spent.",
        "Wait until `resetAt`, or as many seconds as `Retry-After` says.";
    /// The plan holds no more for the day or the month.
    QuotaExceeded = TOO_MANY_REQUESTS, "quota_exceeded", "The plan is used up",
        "All codes the plan holds for the day or the month were asked for: `reason` says which it is, `quota` how many it holds, `usage` how many it was. Nothing was spent.",
        "Wait as many seconds as `Retry-After` says, until the day or the month ends in UTC, or take a larger plan.";
    /// Our fault, and nothing the caller could change.
    Internal = INTERNAL_SERVER_ERROR, "internal", "Internal error",
        "The service failed. Its operator finds the cause in the log under `requestId`.",
        "Try again later; if it stays, tell whoever runs the service the `requestId`.";
    /// Something the service needs is down.
    Unavailable = SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable",
        "Something the service needs is down or too slow, and it will not guess. No mail was sent and no code accepted.",
        "Repeat the call after as many seconds as `Retry-After` says.";
}
