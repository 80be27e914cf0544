//! Customers: registered, found, listed.

use otp_core::tenant::TenantStatus;
use serde_json::{Value, json};

use crate::world::{Answer, World, text};

async fn operate(world: &World, path: &str) -> Answer {
    world.get(path).key(&world.operator).send().await
}

async fn register(world: &World, body: Value) -> Answer {
    world.post("/admin/customers", body).key(&world.operator).send().await
}

#[tokio::test]
async fn a_customer_is_registered_and_his_key_works() {
    let world = World::new().await;
    let body = json!({ "name": " Ada's Shop ", "email": "Ada@Shop.example", "companyName": "Shop Ltd", "plan": "pro" });
    let answer = register(&world, body).await;
    assert_eq!(answer.status, 201);
    let created = answer.json();
    let customer = json!({
        "customerId": created["customerId"],
        "name": "Ada's Shop",
        "email": "ada@shop.example",
        "companyName": "Shop Ltd",
        "plan": "pro",
        "status": "active",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "features": { "customEmailTemplates": true, "webhooks": true, "analytics": true },
    });
    assert_eq!(
        created,
        json!({
            "success": true,
            "customerId": created["customerId"],
            "apiKey": created["apiKey"],
            "keyId": created["keyId"],
            "customer": customer,
        })
    );
    let seen = json!({ "success": true, "customer": customer });
    let me = world.get("/admin/customers/me").key(&text(&created, "apiKey")).send().await.ok();
    assert_eq!(me, seen);
    let id = text(&created, "customerId");
    assert_eq!(operate(&world, &format!("/admin/customers/{id}")).await.ok(), seen);

    let again = register(&world, json!({ "name": "X", "email": "ADA@shop.example" })).await;
    assert_eq!(again.problem(), (409, "email_taken".to_owned()));
    let plain = register(&world, json!({ "name": "X", "email": "x@shop.example" })).await.ok();
    assert_eq!(plain["customer"]["plan"], "free");
    assert_eq!(plain["customer"]["companyName"], Value::Null);
    assert_eq!(
        plain["customer"]["features"],
        json!({ "customEmailTemplates": false, "webhooks": false, "analytics": false })
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_customer_is_told() {
    let world = World::new().await;
    let faults = async |body| register(&world, body).await.faults();
    let expected = |faults: &[(&str, &str)]| -> Vec<_> {
        faults.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
    };
    assert_eq!(faults(json!({})).await, expected(&[("/email", "required"), ("/name", "required")]));
    assert_eq!(
        faults(json!({ "name": "  ", "email": "x", "companyName": "a\u{0}b", "plan": "gold", "status": "active" }))
            .await,
        expected(&[
            ("/companyName", "control_character"),
            ("/email", "invalid_email"),
            ("/name", "empty"),
            ("/plan", "unknown_plan"),
            ("/status", "unknown_member"),
        ])
    );
    assert_eq!(
        faults(json!({ "name": "é".repeat(101), "email": "x@example.org", "companyName": "a\r\nBcc: b" })).await,
        expected(&[("/companyName", "control_character"), ("/name", "too_long")])
    );
    register(&world, json!({ "name": "é".repeat(100), "email": "x@example.org" })).await.ok();
}

#[tokio::test]
async fn what_is_not_there_is_not_found_whatever_its_id() {
    let world = World::new().await;
    let not_found = |path: &str| {
        let ask = world.get(path).key(&world.operator).header("x-request-id", "r");
        async move { String::from_utf8(ask.send().await.body).unwrap() }
    };
    let unknown = not_found("/admin/customers/cust_0000000000000000000001").await;
    assert!(unknown.contains("\"not_found\""));
    for id in
        ["cust_0000000000000000000000", "cust_x", "x", "key_0000000000000000000001", "%00", "%ff%fe", "ME", "a%2Fb"]
    {
        assert_eq!(not_found(&format!("/admin/customers/{id}")).await, unknown, "{id}");
    }
}

#[tokio::test]
async fn lists_are_for_operators_and_so_is_each_customer() {
    let world = World::new().await;
    let own = format!("/admin/customers/{}", world.customer.id);
    for path in ["/admin/customers", own.as_str()] {
        let answer = world.get(path).key(&world.customer.key).send().await;
        assert_eq!(answer.problem(), (403, "operator_required".to_owned()));
    }
    let answer = world.post("/admin/customers", json!({})).key(&world.customer.key).send().await;
    assert_eq!(answer.problem(), (403, "operator_required".to_owned()));
}

#[tokio::test]
async fn a_list_is_paged_without_gap_or_double() {
    let world = World::new().await;
    for number in 0..8 {
        // Some at the same moment, some later.
        world.advance(number % 2);
        world.customer(&format!("C{number}"), "free").await;
    }
    let mut seen = Vec::new();
    let mut path = "/admin/customers?limit=3".to_owned();
    loop {
        let page = operate(&world, &path).await.ok();
        let names = page["customers"].as_array().unwrap().iter().map(|customer| text(customer, "name"));
        seen.extend(names);
        // Nine fill three pages; the last one knows that it is.
        assert_eq!(page["customers"].as_array().unwrap().len(), 3);
        let Some(cursor) = page["nextCursor"].as_str() else {
            assert_eq!(page["nextCursor"], Value::Null);
            break;
        };
        // One who registers meanwhile is newer than all pages to come.
        world.advance(1);
        world.customer(&format!("Late{}", seen.len()), "free").await;
        path = format!("/admin/customers?limit=3&cursor={cursor}");
    }
    let mut sorted = seen.clone();
    sorted.sort();
    assert_eq!(sorted, ["C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "Example"]);
    assert_eq!(seen[8], "Example");
}

#[tokio::test]
async fn a_list_is_filtered() {
    let world = World::new().await;
    let pro = world.customer("Pro", "pro").await;
    world.customer("Free", "free").await;
    world.set_status(pro.id, TenantStatus::Suspended).await;
    let names = async |query: &str| -> Vec<String> {
        let page = operate(&world, &format!("/admin/customers?{query}")).await.ok();
        let mut names: Vec<_> =
            page["customers"].as_array().unwrap().iter().map(|customer| text(customer, "name")).collect();
        names.sort();
        names
    };
    assert_eq!(names("").await, ["Example", "Free", "Pro"]);
    assert_eq!(names("status=suspended").await, ["Pro"]);
    assert_eq!(names("plan=free&status=active").await, ["Example", "Free"]);
    assert_eq!(names("q=PRO").await, ["Pro"]);
    assert_eq!(names("q=owner%40free").await, ["Free"]);
    assert_eq!(names("plan=nothing").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told() {
    let world = World::new().await;
    let query = "status=gone&limit=0&cursor=x&q=%00&plan=a%0Ab&page=2&limit=5";
    let faults = operate(&world, &format!("/admin/customers?{query}")).await.faults();
    let told: Vec<_> = faults.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
    assert_eq!(
        told,
        [
            ("/cursor", "invalid_cursor"),
            ("/limit", "duplicate_parameter"),
            ("/page", "unknown_parameter"),
            ("/plan", "control_character"),
            ("/q", "control_character"),
            ("/status", "invalid_status"),
        ]
    );
    for limit in ["", "0", "101", "-1", "+5", "1e1", "99999999999999999999"] {
        let faults = operate(&world, &format!("/admin/customers?limit={limit}")).await.faults();
        assert_eq!(faults, [("/limit".to_owned(), "invalid_limit".to_owned())], "{limit}");
    }
    for limit in ["1", "100"] {
        operate(&world, &format!("/admin/customers?limit={limit}")).await.ok();
    }
}
