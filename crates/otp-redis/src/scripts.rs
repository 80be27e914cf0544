//! The scripts, each with the functions it shares in front of it.

use std::sync::LazyLock;

use redis::Script;

macro_rules! script {
    ($($file:literal)+) => { LazyLock::new(|| Script::new(concat!($(include_str!(concat!("lua/", $file)), "\n"),+))) };
}

pub(crate) static ACQUIRE: LazyLock<Script> = script!("limits.lua" "effects.lua" "acquire.lua");
pub(crate) static OPEN: LazyLock<Script> = script!("limits.lua" "effects.lua" "challenges.lua" "open.lua");
pub(crate) static ATTEMPT: LazyLock<Script> = script!("limits.lua" "effects.lua" "challenges.lua" "attempt.lua");
pub(crate) static CLAIM: LazyLock<Script> = script!("challenges.lua" "claim.lua");
pub(crate) static SETTLE: LazyLock<Script> = script!("limits.lua" "effects.lua" "settle.lua");
pub(crate) static APPEND: LazyLock<Script> = script!("limits.lua" "effects.lua" "append.lua");
pub(crate) static LIVE_SESSION: LazyLock<Script> = script!("sessions.lua" "live_session.lua");
pub(crate) static SESSIONS_OF_USER: LazyLock<Script> = script!("sessions.lua" "sessions_of_user.lua");
pub(crate) static USER: LazyLock<Script> = script!("users.lua" "user.lua");
pub(crate) static USERS_PAGE: LazyLock<Script> = script!("users.lua" "users_page.lua");
pub(crate) static ROTATE: LazyLock<Script> = script!("limits.lua" "effects.lua" "sessions.lua" "rotate.lua");
pub(crate) static EXCHANGE: LazyLock<Script> = script!("exchange.lua");
pub(crate) static RESEAL_USER: LazyLock<Script> = script!("reseal_user.lua");
pub(crate) static REVOKE: LazyLock<Script> = script!("limits.lua" "effects.lua" "sessions.lua" "revoke.lua");
