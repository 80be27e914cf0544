//! Whatever is done in whatever order, no lane answers more attempts than it has.

use std::collections::HashMap;
use std::time::Duration;

use otp_core::prelude::*;
use proptest::prelude::*;

use crate::scene::{Scene, other_than};

const EMAIL: &str = "ada@example.org";
/// Mails an hour to one recipient from tenants it never signed in at.
const MAILS_TO_A_STRANGER: usize = 20;

#[derive(Debug, Clone)]
enum Step {
    Ask,
    AskAgain(prop::sample::Index),
    ById(prop::sample::Index, Typed),
    ByAddress(Typed),
    Wait(u64),
}

/// What somebody types: a wrong code, or the right one of a challenge.
#[derive(Debug, Clone)]
enum Typed {
    Wrong,
    Of(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    // Right codes are rare, else every run would end early.
    let typed = || prop_oneof![12 => Just(Typed::Wrong), 1 => index().prop_map(Typed::Of)];
    let step = prop_oneof![
        3 => Just(Step::Ask),
        3 => index().prop_map(Step::AskAgain),
        8 => (index(), typed()).prop_map(|(challenge, typed)| Step::ById(challenge, typed)),
        8 => typed().prop_map(Step::ByAddress),
        4 => (0u64..300).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..80)
}

/// What was seen from outside: challenges in the order they were opened, and answers per lane.
#[derive(Default)]
struct Seen {
    asked: Vec<(Issued, String)>,
    by_id: HashMap<ChallengeId, u32>,
    by_address: HashMap<ChallengeId, u32>,
    successes: u32,
}

impl Seen {
    fn typed(&self, typed: &Typed) -> String {
        match typed {
            Typed::Of(of) if !self.asked.is_empty() => of.get(&self.asked).1.clone(),
            // A code nobody was sent: wrong for every challenge.
            Typed::Of(_) | Typed::Wrong => {
                let sent = |code: &String| self.asked.iter().any(|(_, known)| known == code);
                (0u32..).map(|n| format!("{n:09}")).find(|code| !sent(code)).expect("a billion codes")
            }
        }
    }

    fn answered(lane: &mut HashMap<ChallengeId, u32>, id: ChallengeId, answer: &Result<Verified, VerifyError>) -> u32 {
        let spent = matches!(answer, Ok(_) | Err(VerifyError::Invalid { .. }));
        let count = lane.entry(id).or_default();
        *count += u32::from(spent);
        *count
    }
}

async fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let scene = Scene::set().await;
    let mut seen = Seen::default();
    for step in steps {
        // The next mail to somebody who never signed in would be muted, and its code unknown here.
        let heard = scene.mailer.mails().len() < MAILS_TO_A_STRANGER;
        match step {
            Step::Wait(seconds) => {
                scene.clock.advance(Duration::from_secs(seconds));
            }
            Step::Ask if heard => {
                if let Ok(issued) = scene.otp.issue(&scene.acme, EMAIL).await {
                    seen.asked.push((issued, scene.code().await));
                }
            }
            Step::AskAgain(of) if heard && !seen.asked.is_empty() => {
                let (old, code) = of.get(&seen.asked).clone();
                if let Ok(issued) = scene.ask_again(EMAIL, old.id).await {
                    let mailed = scene.code().await;
                    if issued.id == old.id {
                        prop_assert_eq!(issued.expires_at, old.expires_at);
                        prop_assert_eq!(mailed, code);
                    } else {
                        seen.asked.push((issued, mailed));
                    }
                }
            }
            Step::ById(of, typed) if !seen.asked.is_empty() => {
                let id = of.get(&seen.asked).0.id;
                let answer = scene.otp.verify(&scene.acme, &id, &seen.typed(&typed)).await;
                prop_assert!(Seen::answered(&mut seen.by_id, id, &answer) <= 5);
                seen.successes += u32::from(answer.is_ok());
            }
            Step::ByAddress(typed) => {
                let answer = scene.by_address(EMAIL, &seen.typed(&typed)).await;
                if let Some((newest, _)) = seen.asked.last() {
                    // The newest one opened is the newest live one, if any is: all live equally long.
                    prop_assert!(Seen::answered(&mut seen.by_address, newest.id, &answer) <= 5);
                }
                seen.successes += u32::from(answer.is_ok());
            }
            Step::Ask | Step::AskAgain(_) | Step::ById(..) => {}
        }
    }
    prop_assert!(seen.successes as usize <= seen.asked.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_lane_answers_more_than_its_attempts(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps))?;
    }
}

#[tokio::test]
async fn the_sixth_attempt_is_refused_right_or_wrong_and_the_other_lane_is_untouched() {
    let scene = Scene::set().await;
    let issued = scene.ask(EMAIL).await;
    let code = scene.code().await;
    for left in [4, 3, 2, 1, 0] {
        let answer = scene.by_address(EMAIL, &other_than(&code)).await;
        assert!(matches!(answer, Err(VerifyError::Invalid { remaining }) if remaining == left));
    }
    assert!(matches!(scene.by_address(EMAIL, &code).await, Err(VerifyError::Exhausted)));
    assert!(scene.otp.verify(&scene.acme, &issued.id, &code).await.is_ok());
}
