//! The list of cases, and the tests made of it.

/// Makes a `#[test]` of every case of the suite. Each runs on a fixture of its own, which an async
/// function or closure makes: see [`Fixture`](crate::conformance::Fixture).
///
/// ```
/// # mod my_adapter { pub async fn fresh() -> Option<otp_core::port::Stores> { None } }
/// mod conformance {
///     otp_testkit::conformance!(super::my_adapter::fresh);
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conformance {
    (@tests [$factory:expr] $($port:ident { $($case:ident)* })*) => {
        $($(
            #[test]
            fn $case() {
                $crate::conformance::run($factory, $crate::conformance::$port::$case);
            }
        )*)*
    };
    (@names [] $($port:ident { $($case:ident)* })*) => { [$($(stringify!($case)),*),*] };
    (@list $what:tt [$($factory:expr)?]) => {
        $crate::conformance! { @$what [$($factory)?]
            challenge_store {
                a_burst_admits_exactly_the_limit
                a_refusal_spends_nothing
                draws_raced_in_both_orders
                a_replay_draws_nothing
                parallel_replays_open_once
                another_body_is_a_mismatch
                idempotency_ends
                a_resend_refills_nothing
                a_resend_waits_its_pause
                effects_follow_the_outcome
                a_quota_is_exact_and_told_once
                foregone_draws_nothing
                expiry_is_exact
                realms_are_apart
                side_by_side
                attempts_are_exact
                one_success
                success_ends_siblings
                lanes_are_apart
                a_new_challenge_has_its_own_attempts
                a_dead_match_is_wrong
                wrong_codes_draw
                one_user_per_address
                no_more_users_than_allowed
                a_code_without_room_is_spent
                a_signup_opens_one_account
                an_account_comes_with_its_answer
                mail_goes_where_first_verified
            }
            outbox {
                claims_never_overlap
                a_backlog_is_shared
                a_lease_runs_out
                a_dead_code_is_not_mailed
                letters_are_kept
                a_lost_lease_writes_nothing
                settling_writes_effects
                appended_effects_are_written
                once_is_once
                progress_is_kept
                backlog_counts_what_is_not_settled
            }
            limit_store {
                acquire_is_exact
                a_day_ends_at_midnight
                acquire_spends_nothing_when_refused
                haste_is_told_before_a_quota
                marks_are_told
                usage_spends_nothing
            }
            session_store {
                a_revoked_session_is_dead
                sessions_run_out
                sessions_keep_to_their_realm
                rotation_is_single
                a_replay_within_grace
                reuse_ends_the_session
                a_stale_token_without_grace_is_dead
                rotation_moves_the_idle_end
                everywhere_means_everywhere
            }
            call_store {
                a_call_is_one_callers
                an_answer_comes_with_the_change
                a_lost_call_changes_nothing
                a_call_given_back_may_be_made
            }
            user_store {
                users_are_paged
                a_user_is_found
                sessions_are_listed
                addresses_are_sealed_anew
            }
            tenant_store {
                keys_find_their_tenant
                an_owner_is_found
                tenants_are_paged
                one_account_an_address
                replacing_is_compare_and_set
                every_change_is_told
                key_uses_are_noted
                configurations_are_kept
                configurations_are_sealed_anew
                origins_are_those_of_active_tenants
            }
            ledger {
                counts_are_exact
                users_are_counted
            }
            surroundings {
                root_is_kept_once
                a_root_is_sealed_anew_once
                retired_keys_are_kept_until_they_end
            }
        }
    };
    (@record $what:tt [$($factory:expr)?]) => {
        $crate::conformance! { @$what [$($factory)?]
            analytics {
                spans_add_up
                old_spans_are_forgotten
                minutes_are_exact
                what_is_kept_takes_room
            }
            audit_trail {
                trails_are_paged
                trails_are_filtered
                entries_are_sealed_once
                sealers_do_not_disturb_each_other
                a_chain_is_shortened_from_its_beginning
            }
            erasure {
                a_person_is_erased
                an_erased_user_makes_room
                a_person_is_erased_once
            }
            traffic_log {
                traffic_adds_up
                the_last_failures_are_kept
            }
        }
    };
    ($factory:expr) => { $crate::conformance! { @list tests [$factory] } };
}

/// The same for the ports of a system of record, which keeps tenants, and what is told of them, for years: analytics, sealed
/// audit trails, erasure. Its adapters pass both lists.
#[macro_export]
macro_rules! conformance_of_record {
    ($factory:expr) => {
        $crate::conformance! { @record tests [$factory] }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The ports of the storage, as the domain documents them.
    const PORTS: [&str; 13] = [
        include_str!("../../../otp-core/src/port/analytics.rs"),
        include_str!("../../../otp-core/src/port/audit_trail.rs"),
        include_str!("../../../otp-core/src/port/erasure.rs"),
        include_str!("../../../otp-core/src/port/traffic_log.rs"),
        include_str!("../../../otp-core/src/port/call_store.rs"),
        include_str!("../../../otp-core/src/port/challenge_store.rs"),
        include_str!("../../../otp-core/src/port/ledger.rs"),
        include_str!("../../../otp-core/src/port/limit_store.rs"),
        include_str!("../../../otp-core/src/port/outbox.rs"),
        include_str!("../../../otp-core/src/port/session_store.rs"),
        include_str!("../../../otp-core/src/port/surroundings.rs"),
        include_str!("../../../otp-core/src/port/tenant_store.rs"),
        include_str!("../../../otp-core/src/port/user_store.rs"),
    ];

    /// The case names in the contracts of `port`: in backticks and parentheses.
    fn named(port: &str) -> BTreeSet<&str> {
        let contracts = port.split("# Contract").skip(1).filter_map(|rest| rest.split("# Errors").next());
        let parenthesised =
            contracts.flat_map(|contract| contract.split('(').skip(1)).filter_map(|rest| rest.split(')').next());
        parenthesised.flat_map(|names| names.split('`').skip(1).step_by(2)).collect()
    }

    #[test]
    fn every_contract_has_its_cases_and_no_case_lacks_a_contract() {
        let documented: BTreeSet<&str> = PORTS.into_iter().flat_map(named).collect();
        let listed = crate::conformance!(@list names []).into_iter().chain(crate::conformance!(@record names []));
        let listed: BTreeSet<&str> = listed.collect();
        assert!(documented.len() > 40, "the contracts were not found: {documented:?}");
        assert_eq!(documented, listed);
    }
}
