//! Bodies made of faults: however many there are, and however long the names, an answer stays small.

use axum::http::Method;
use serde_json::Value;

use crate::world::{Answer, World};

/// As many faults as are told, and as long as a pointer gets.
const MOST: usize = 100;
const LONGEST: usize = 200;

async fn put(world: &World, path: &str, body: String) -> Answer {
    let ask = world.ask(Method::PUT, path).key(&world.customer.key);
    ask.header("content-type", "application/json").body(body).send().await
}

#[track_caller]
fn stays_small(answer: &Answer) {
    let pointers = answer.faults();
    assert!(pointers.len() <= MOST, "{} faults", pointers.len());
    assert!(pointers.iter().all(|(pointer, _)| pointer.chars().count() <= LONGEST));
    assert!(answer.body.len() < 64 * 1024, "{} octets", answer.body.len());
}

/// A list of the members `name(0)`, `name(1)`, …
fn members(count: usize, name: impl Fn(usize) -> String) -> String {
    (0..count).map(|place| format!("{}:0", Value::String(name(place)))).collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn a_long_name_is_not_repeated_for_each_fault_below_it() {
    let world = World::new().await;
    for name in ["/".repeat(8_000), "é".repeat(8_000)] {
        let below = members(1_000, |place| (place / 2).to_string());
        let list = format!("[{}]", vec![r#"{"":0,"":0}"#; 500].join(","));
        for inner in [format!("{{{below}}}"), list] {
            let answer = put(&world, "/admin/config", format!(r#"{{"config":{{"{name}":{inner}}}}}"#)).await;
            stays_small(&answer);
            let answer = put(&world, "/admin/config/email", format!(r#"{{"{name}":{inner}}}"#)).await;
            stays_small(&answer);
        }
    }
}

#[tokio::test]
async fn a_name_that_comes_often_is_told_once() {
    let world = World::new().await;
    let often = members(1_000, |_| String::new());
    for (path, body, pointer) in [
        ("/admin/config", format!(r#"{{"config":{{"otp":{{{often}}}}}}}"#), "/config/otp/"),
        ("/admin/config/email", format!("{{{often}}}"), "/"),
    ] {
        assert_eq!(put(&world, path, body).await.faults(), [(pointer.to_owned(), "duplicate_member".to_owned())]);
    }
}

#[tokio::test]
async fn of_many_faults_the_first_hundred_are_told() {
    let world = World::new().await;
    let unknown = members(20_000, |place| format!("{place:x}"));
    for (path, body) in [
        ("/admin/config", format!("{{{unknown}}}")),
        ("/admin/config", format!(r#"{{"config":{{{unknown}}}}}"#)),
        ("/admin/config/email", format!("{{{unknown}}}")),
        ("/admin/config", format!(r#"{{"config":{{}},{}}}"#, members(20_000, |place| (place / 2).to_string()))),
    ] {
        let answer = put(&world, path, body).await;
        stays_small(&answer);
        assert_eq!(answer.faults().len(), MOST);
    }
    let query: String = (0..4_000).map(|place| format!("&{place}=1")).collect();
    let answer = world.get(&format!("/admin/customers/me?{query}")).key(&world.customer.key).send().await;
    stays_small(&answer);
}
