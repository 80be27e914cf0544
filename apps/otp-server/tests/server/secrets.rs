//! Nothing that opens anything stands where it should not.

use otp_testbed::service::{Home, SECRET, code};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_in_logs_at_debug_level_nor_in_errors_nor_in_the_database() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url()).with("OTP_LOG", "debug").with("OTP_LOG_FORMAT", "json");
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    let email = "canary.person@example.org";
    let mut errors = Vec::new();

    let asked = server.ask(&key, email).await;
    let code = code(&sink, email).await;
    let wrong = json!({ "email": email, "otp": "000000000", "context": { "ip": "192.0.2.7" } });
    errors.push(server.post("/auth/verify-otp", &key, wrong).await.unwrap().1);
    errors.push(server.post("/auth/request-otp", &key, json!({ "email": format!("{email} {code}") })).await.unwrap().1);
    errors.push(server.post("/auth/request-otp", &key[..key.len() - 1], json!({ "email": email })).await.unwrap().1);
    let (_, signed_in) = server.verify(&key, &asked["challengeId"], &code).await;
    let (token, refresh) = (text(&signed_in["token"]), text(&signed_in["refreshToken"]));
    errors.push(server.verify(&key, &asked["challengeId"], &code).await.1);
    let (_, refreshed) = server.post("/auth/refresh", &key, json!({ "refreshToken": refresh })).await.unwrap();
    errors.push(server.me(&signed_in["token"]).await.1);
    let query = format!("/auth/me?email={email}&code={code}&token={token}");
    let odd = server.request(Method::GET, &query).bearer_auth(text(&refreshed["token"])).send().await.unwrap();
    errors.push(odd.json().await.unwrap());
    errors.push(server.get(&format!("/nowhere/{email}/{code}")).await.1);

    let secrets = [
        ("the code", code),
        ("the key", key),
        ("an access token", token),
        ("a refresh token", refresh),
        ("a later access token", text(&refreshed["token"])),
        ("a later refresh token", text(&refreshed["refreshToken"])),
        ("the secret key", SECRET.to_owned()),
    ];
    for error in &errors {
        assert_eq!(error["success"], false, "{error}");
        assert_silent("an error", error.to_string().as_bytes(), &secrets, email);
    }
    server.signal("TERM");
    let (_, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    // Debug level is on, so silence is not for want of talking.
    assert!(said.contains("\"DEBUG\""));
    assert_silent("the log", said.as_bytes(), &secrets, email);
    for (path, content) in home.files() {
        // The owner's address stands in the database; those of end users must not.
        assert_silent(&path.display().to_string(), &content, &secrets, email);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn assert_silent(place: &str, content: &[u8], secrets: &[(&str, String)], email: &str) {
    let secrets = secrets.iter().map(|(name, secret)| (*name, secret.as_str()));
    for (name, secret) in secrets.chain([("the address", email)]) {
        let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{name} stands in {place}");
    }
}
