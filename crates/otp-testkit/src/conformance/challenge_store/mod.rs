//! Cases of [`ChallengeStore`](otp_core::port::ChallengeStore).

mod attempts;
mod effects;
mod foregone;
mod idempotency;
mod live;
mod opening;
mod quotas;
mod resend;
mod room;
mod sign_in;
mod signup;

pub use attempts::{
    a_dead_match_is_wrong, a_new_challenge_has_its_own_attempts, attempts_are_exact, lanes_are_apart, wrong_codes_draw,
};
pub use effects::effects_follow_the_outcome;
pub use foregone::foregone_draws_nothing;
pub use idempotency::{
    a_replay_draws_nothing, another_body_is_a_mismatch, idempotency_ends, parallel_replays_open_once,
};
pub use live::{expiry_is_exact, realms_are_apart, side_by_side};
pub use opening::{a_burst_admits_exactly_the_limit, a_refusal_spends_nothing, draws_raced_in_both_orders};
pub use quotas::a_quota_is_exact_and_told_once;
pub use resend::{a_resend_refills_nothing, a_resend_waits_its_pause};
pub use room::{a_code_without_room_is_spent, no_more_users_than_allowed};
pub use sign_in::{mail_goes_where_first_verified, one_success, one_user_per_address, success_ends_siblings};
pub use signup::{a_signup_opens_one_account, an_account_comes_with_its_answer};
