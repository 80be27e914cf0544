//! Scripts: steps in terms of what has happened before, so that they mean something.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// One step. Numbers pick from pools and from what earlier steps have left, and wrap around.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Time passes.
    Wait(Duration),
    Open {
        who: Who,
        attempts: u8,
        life: Duration,
        asking: Asking,
    },
    Resend {
        challenge: usize,
        pause: Duration,
        asking: Asking,
    },
    Live(By),
    Attempt {
        by: By,
        code: Code,
        bounds: Bounds,
    },
    Claim {
        lease: Duration,
    },
    /// With the last lease of a mail, or one before.
    Settle {
        mail: usize,
        leases_ago: usize,
        retry_after: Option<Duration>,
    },
    Acquire {
        realm: usize,
        subject: usize,
        limits: [Option<u32>; 3],
    },
    Rotate {
        session: usize,
        generations_ago: u32,
        grace: Option<Duration>,
        idle: Duration,
    },
    Revoke {
        session: usize,
        everywhere: bool,
    },
    InsertTenant {
        tenant: usize,
        owner: Option<usize>,
    },
    /// From the present version, or from another.
    ReplaceTenant {
        tenant: usize,
        stale: bool,
        change: usize,
    },
    Touch {
        tenant: usize,
        key: usize,
        ago: Duration,
    },
    List {
        filter: usize,
        after: Option<usize>,
        max: usize,
    },
    KeepRoot,
    /// Everything that can be read is read.
    LookAround,
}

/// Whose challenge, and what for.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) realm: usize,
    pub(super) address: usize,
    pub(super) purpose: usize,
}

/// What a request brings besides what it opens.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    /// How much the two limits of the address and the quota hold; nothing, to draw none.
    pub(super) limits: [Option<u32>; 3],
    /// The call, and its body.
    pub(super) key: Option<(usize, usize)>,
}

/// By what a challenge of an earlier step is looked up.
#[derive(Debug, Clone)]
pub(super) enum By {
    Id(usize),
    Address(usize),
}

/// Which code is presented.
#[derive(Debug, Clone)]
pub(super) enum Code {
    Wrong,
    /// Of one of the live ones.
    Right(usize),
    /// Of one that is dead by now.
    Dead(usize),
}

/// How much of what an attempt may cause there may be; nothing, for any amount.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) wrong_codes: Option<u32>,
    pub(super) users: Option<u32>,
}

/// Up to sixty steps, and a look at what they have left.
pub(super) fn script() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..60).prop_map(|mut steps| {
        steps.push(Step::LookAround);
        steps
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => tenancy(),
        15 => wait().prop_map(Step::Wait),
        1 => select(vec![6_399_999, 6_400_000]).prop_map(|millis| Step::Wait(Duration::from_millis(millis))),
        50 => signing_in(),
        15 => carrying(),
        15 => sessions(),
        1 => Just(Step::LookAround),
    ]
}

fn signing_in() -> impl Strategy<Value = Step> {
    let open = (who(), select(vec![1u8, 2, 5]), life(), asking());
    let open = open.prop_map(|(who, attempts, life, asking)| Step::Open { who, attempts, life, asking });
    let resend = (any::<usize>(), select(vec![0, 30_000]).prop_map(Duration::from_millis), asking())
        .prop_map(|(challenge, pause, asking)| Step::Resend { challenge, pause, asking });
    let bounds = (option::of(0u32..4), option::weighted(0.3, 0u32..3))
        .prop_map(|(wrong_codes, users)| Bounds { wrong_codes, users });
    let attempt = (by(), code(), bounds).prop_map(|(by, code, bounds)| Step::Attempt { by, code, bounds });
    let acquire = (any::<usize>(), any::<usize>(), limits()).prop_map(|(realm, subject, limits)| Step::Acquire {
        realm,
        subject,
        limits,
    });
    prop_oneof![8 => open, 2 => resend, 1 => by().prop_map(Step::Live), 8 => attempt, 2 => acquire]
}

fn carrying() -> impl Strategy<Value = Step> {
    let settle = (any::<usize>(), select(vec![0, 0, 0, 1]), option::of(wait()))
        .prop_map(|(mail, leases_ago, retry_after)| Step::Settle { mail, leases_ago, retry_after });
    prop_oneof![wait().prop_map(|lease| Step::Claim { lease }), settle]
}

fn sessions() -> impl Strategy<Value = Step> {
    let grace = option::weighted(0.8, Just(Duration::from_secs(10)));
    let rotate = (any::<usize>(), select(vec![0u32, 0, 0, 1, 1, 2]), grace, wait())
        .prop_map(|(session, generations_ago, grace, idle)| Step::Rotate { session, generations_ago, grace, idle });
    let revoke = (any::<usize>(), any::<bool>()).prop_map(|(session, everywhere)| Step::Revoke { session, everywhere });
    prop_oneof![4 => rotate, 1 => revoke]
}

fn tenancy() -> impl Strategy<Value = Step> {
    let insert =
        (any::<usize>(), option::of(any::<usize>())).prop_map(|(tenant, owner)| Step::InsertTenant { tenant, owner });
    let replace = (any::<usize>(), any::<bool>(), any::<usize>())
        .prop_map(|(tenant, stale, change)| Step::ReplaceTenant { tenant, stale, change });
    let touch =
        (any::<usize>(), any::<usize>(), wait()).prop_map(|(tenant, key, ago)| Step::Touch { tenant, key, ago });
    let list = (any::<usize>(), option::of(any::<usize>()), 0usize..4).prop_map(|(filter, after, max)| Step::List {
        filter,
        after,
        max,
    });
    prop_oneof![3 => insert, 3 => replace, 2 => touch, 2 => list, 1 => Just(Step::KeepRoot)]
}

/// Spans of time in which something ends that has begun now, and the least span there is.
fn wait() -> impl Strategy<Value = Duration> {
    select(vec![1, 1, 1, 9_999, 10_000, 10_000, 10_000, 30_000, 60_000, 599_999, 600_000, 3_599_999, 3_600_000])
        .prop_map(Duration::from_millis)
}

fn life() -> impl Strategy<Value = Duration> {
    select(vec![10_000, 60_000, 600_000, 600_000, 600_000]).prop_map(Duration::from_millis)
}

fn who() -> impl Strategy<Value = Who> {
    (select(vec![0usize, 0, 0, 1, 2]), select(vec![0usize, 0, 1]), select(vec![0usize, 0, 0, 1]))
        .prop_map(|(realm, address, purpose)| Who { realm, address, purpose })
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![any::<usize>().prop_map(By::Id), any::<usize>().prop_map(By::Address)]
}

fn code() -> impl Strategy<Value = Code> {
    prop_oneof![
        4 => Just(Code::Wrong),
        3 => any::<usize>().prop_map(Code::Right),
        1 => any::<usize>().prop_map(Code::Dead),
    ]
}

fn asking() -> impl Strategy<Value = Asking> {
    let key = option::weighted(0.3, (0usize..3, select(vec![0usize, 0, 1])));
    (limits(), key).prop_map(|(limits, key)| Asking { limits, key })
}

fn limits() -> impl Strategy<Value = [Option<u32>; 3]> {
    let limit = || option::weighted(0.4, 0u32..4);
    [limit(), limit(), limit()]
}
