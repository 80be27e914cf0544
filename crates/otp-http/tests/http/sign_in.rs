//! Asking for a code and using it.

use serde_json::json;

use crate::world::{ADA, PUBLIC_URL, World, code_in, other_than, text};

#[tokio::test]
async fn a_code_is_asked_for_mailed_and_used_once() {
    let world = World::new().await;
    let asked = world.call("/auth/request-otp", json!({ "email": " Ada@Example.org " })).await.ok();
    let id = text(&asked, "challengeId");
    assert_eq!(
        asked,
        json!({
            "success": true,
            "message": "If the address can get mail, a code is on its way.",
            "challengeId": id,
            "expiresIn": 600,
            "expiresAt": "2023-11-14T22:23:20.000Z",
            "resendAfter": 30,
            "remaining": 2,
        })
    );
    assert!(world.mailer.mails().is_empty(), "queued, not sent");
    let code = code_in(&world.deliver().await[0]);

    world.advance(5);
    let typed = format!("{} {}-{}", &code[..3], &code[3..6], &code[6..]);
    let verify = json!({ "otp": typed, "email": ADA });
    let signed_in = world.call("/auth/verify-otp", verify.clone()).await.ok();
    assert_eq!(
        signed_in,
        json!({
            "success": true,
            "token": signed_in["token"],
            "tokenType": "Bearer",
            "expiresIn": 25_200,
            "expiresAt": "2023-11-15T05:13:25.000Z",
            "refreshToken": signed_in["refreshToken"],
            "refreshExpiresAt": "2023-11-28T22:13:25.000Z",
            "userId": signed_in["userId"],
            "email": ADA,
            "customerId": world.customer.id.to_string(),
            "sessionId": signed_in["sessionId"],
            "isNewUser": true,
            "purpose": "sign-in",
        })
    );
    assert_eq!(world.call("/auth/verify-otp", verify).await.problem(), (401, "otp_expired".to_owned()));

    let me = world.get("/auth/me").bearer(&text(&signed_in, "token")).send().await.ok();
    assert_eq!(
        me,
        json!({
            "success": true,
            "userId": signed_in["userId"],
            "email": ADA,
            "customerId": signed_in["customerId"],
            "createdAt": "2023-11-14T22:13:25.000Z",
            "lastLoginAt": "2023-11-14T22:13:25.000Z",
            "session": {
                "sessionId": signed_in["sessionId"],
                "purpose": "sign-in",
                "createdAt": "2023-11-14T22:13:25.000Z",
                "lastUsedAt": "2023-11-14T22:13:25.000Z",
                "expiresAt": "2023-11-28T22:13:25.000Z",
            },
        })
    );
    assert!(PUBLIC_URL.starts_with("https"));
    assert_eq!(world.sign_in(ADA).await["isNewUser"], false);
}

#[tokio::test]
async fn a_code_dies_at_its_second() {
    let world = World::new().await;
    let (id, code) = world.request(json!({ "email": ADA })).await;
    world.advance(600);
    for proof in [json!({ "otp": code, "email": ADA }), json!({ "otp": code, "challengeId": id })] {
        assert_eq!(world.call("/auth/verify-otp", proof).await.problem(), (401, "otp_expired".to_owned()));
    }
    let (id, code) = world.request(json!({ "email": ADA })).await;
    world.clock.advance(std::time::Duration::from_millis(599_999));
    world.call("/auth/verify-otp", json!({ "otp": code, "challengeId": id })).await.ok();
}

#[tokio::test]
async fn five_attempts_and_then_none_not_even_the_right_one() {
    let world = World::new().await;
    let (_, code) = world.request(json!({ "email": ADA })).await;
    for left in [4, 3, 2, 1, 0] {
        let answer = world.call("/auth/verify-otp", json!({ "otp": other_than(&code), "email": ADA })).await;
        assert_eq!(answer.problem(), (401, "otp_invalid".to_owned()));
        assert_eq!(answer.json()["remainingAttempts"], left);
    }
    let sixth = world.call("/auth/verify-otp", json!({ "otp": code, "email": ADA })).await;
    assert_eq!(sixth.problem(), (401, "otp_attempts_exceeded".to_owned()));
}

#[tokio::test]
async fn who_holds_the_challenge_has_attempts_of_his_own() {
    let world = World::new().await;
    let (id, code) = world.request(json!({ "email": ADA })).await;
    for _ in 0..5 {
        world.call("/auth/verify-otp", json!({ "otp": other_than(&code), "email": ADA })).await;
    }
    world.call("/auth/verify-otp", json!({ "otp": code, "challengeId": id })).await.ok();
}

#[tokio::test]
async fn a_code_of_another_address_or_purpose_is_a_wrong_one() {
    let world = World::new().await;
    let (_, code) = world.request(json!({ "email": "grace@example.org" })).await;
    world.request(json!({ "email": ADA })).await;
    let (_, pay) = world.request(json!({ "email": ADA, "purpose": "pay" })).await;
    let mut answers = Vec::new();
    for foreign in [&other_than(&code), &code, &pay] {
        let answer = world
            .post("/auth/verify-otp", json!({ "otp": foreign, "email": ADA }))
            .key(&world.customer.key)
            .header("x-request-id", "r")
            .send()
            .await;
        let mut body = answer.json();
        body["remainingAttempts"].take();
        answers.push((answer.status, body));
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(answers[0].1["code"], "otp_invalid");
}

#[tokio::test]
async fn a_challenge_that_is_not_what_was_said_of_it_is_none() {
    let world = World::new().await;
    let (id, code) = world.request(json!({ "email": ADA })).await;
    let other = world.customer("Other", "free").await;
    let expired = (401, "otp_expired".to_owned());
    for proof in [
        json!({ "otp": code, "challengeId": id, "email": "grace@example.org" }),
        json!({ "otp": code, "challengeId": id, "purpose": "pay" }),
        json!({ "otp": code, "challengeId": "chl_0000000000000000000001" }),
        json!({ "otp": code, "challengeId": "no id at all" }),
        json!({ "otp": code, "challengeId": "" }),
    ] {
        assert_eq!(world.call("/auth/verify-otp", proof).await.problem(), expired);
    }
    for proof in [json!({ "otp": code, "challengeId": id }), json!({ "otp": code, "email": ADA })] {
        assert_eq!(world.post("/auth/verify-otp", proof).key(&other.key).send().await.problem(), expired);
    }
    // None of that has spent anything.
    let last = world.call("/auth/verify-otp", json!({ "otp": other_than(&code), "challengeId": id })).await;
    assert_eq!(last.json()["remainingAttempts"], 4);
    world
        .call(
            "/auth/verify-otp",
            json!({ "otp": code, "challengeId": id, "email": "ADA@example.org", "purpose": "sign-in" }),
        )
        .await
        .ok();
}

#[tokio::test]
async fn an_impossible_code_is_told_apart_from_a_wrong_one() {
    let world = World::new().await;
    world.request(json!({ "email": ADA })).await;
    for otp in ["", "12345678", "1234567890", "12345678x", "🙂"] {
        let answer = world.call("/auth/verify-otp", json!({ "otp": otp, "email": ADA })).await;
        assert_eq!(answer.problem(), (400, "invalid_otp_format".to_owned()), "{otp}");
    }
    // With something else wrong, all of that is told instead.
    let both = world.call("/auth/verify-otp", json!({ "otp": "x", "email": "nobody" })).await;
    assert_eq!(both.faults(), [("/email".to_owned(), "invalid_email".to_owned())]);
}

#[tokio::test]
async fn a_resend_is_the_same_challenge_and_code() {
    let world = World::new().await;
    let (id, code) = world.request(json!({ "email": ADA })).await;
    let again = json!({ "email": ADA, "challengeId": id });
    let early = world.call("/auth/request-otp", again.clone()).await;
    assert_eq!(early.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(early.json()["rule"], "resend");
    world.advance(30);
    let resent = world.call("/auth/request-otp", again).await.ok();
    assert_eq!((text(&resent, "challengeId"), resent["expiresIn"].as_u64()), (id, Some(570)));
    assert_eq!(code_in(&world.deliver().await[0]), code);
    // Any other challenge is ignored.
    for stranger in ["chl_0000000000000000000001", "nonsense"] {
        let (fresh, _) = world.request(json!({ "email": "grace@example.org", "challengeId": stranger })).await;
        assert_ne!(fresh, stranger);
    }
}

#[tokio::test]
async fn mail_is_written_in_the_language_asked_for() {
    let world = World::with(crate::world::settings()).await;
    let plan = world.customer("Busy", "pro").await;
    let mut subjects = Vec::new();
    for (locale, accept) in [
        (None, None),
        (Some("es-MX"), None),
        (Some("it"), Some("fr;q=0.5, de")),
        (None, Some("fr;q=0.5, de;q=0.2")),
        (Some("fr"), Some("de")),
        (Some("it"), Some("it")),
    ] {
        let mut body = json!({ "email": ADA });
        if let Some(locale) = locale {
            body["locale"] = locale.into();
        }
        let ask = world.post("/auth/request-otp", body).key(&plan.key);
        let ask = if let Some(accept) = accept { ask.header("accept-language", accept) } else { ask };
        ask.send().await.ok();
        world.deliver().await;
        subjects.push(world.mailer.mails().last().unwrap().locale.as_str());
    }
    assert_eq!(subjects, ["en", "es", "de", "fr", "fr", "en"]);
}
