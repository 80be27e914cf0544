//! Bodies without measure, in length and in depth.

use std::io::{Read, Write};

use crate::attack::{Attacked, IN_BETWEEN, flood, rest};

/// Every route that reads a body, with the most it takes, in octets.
const ROUTES: [(&str, &str, usize); 19] = [
    ("POST", "/auth/request-otp", 16 << 10),
    ("POST", "/auth/verify-otp", 16 << 10),
    ("POST", "/auth/logout", 16 << 10),
    ("POST", "/auth/refresh", 16 << 10),
    ("POST", "/auth/introspect", 16 << 10),
    ("POST", "/signup", 16 << 10),
    ("POST", "/signup/verify", 16 << 10),
    ("POST", "/signup/confirm", 16 << 10),
    ("POST", "/admin/customers", 16 << 10),
    ("PUT", "/admin/customers/me", 16 << 10),
    ("PUT", "/admin/customers/cust_0/status", 16 << 10),
    ("POST", "/admin/customers/cust_0/api-keys", 16 << 10),
    ("POST", "/admin/customers/cust_0/api-keys/key_0/rotate", 16 << 10),
    ("PUT", "/admin/config", 256 << 10),
    ("PUT", "/admin/config/email", 256 << 10),
    ("POST", "/admin/config/versions/1/restore", 256 << 10),
    ("PUT", "/admin/onboarding", 16 << 10),
    ("POST", "/admin/onboarding/test-otp", 16 << 10),
    ("DELETE", "/admin/users/user_0", 16 << 10),
];

fn head(method: &str, path: &str, framing: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    )
    .into_bytes()
}

/// A body in pieces that say their own length.
fn pieces(octets: &[u8]) -> Vec<u8> {
    octets
        .chunks(4096)
        .flat_map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
        .collect()
}

/// The status of an answer; none if there was no answer.
fn status(answer: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(answer);
    text.strip_prefix("HTTP/1.1 ").map(|rest| rest[..3].parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_taken_up_to_its_bound_and_no_further() {
    let attacked = Attacked::begin().await;
    for (method, path, bound) in ROUTES {
        let announced = attacked.connections(1, &head(method, path, "Content-Length: 1099511627776"));
        assert_eq!(status(&rest(&announced[0])), Some(413), "{method} {path}: announced");
        let asked = attacked.connections(1, &head(method, path, "Content-Length: 500000\r\nExpect: 100-continue"));
        assert_eq!(status(&rest(&asked[0])), Some(413), "{method} {path}: asked for before");
        let chunked = head(method, path, "Transfer-Encoding: chunked");
        for (length, is_taken) in [(bound, true), (bound + 1, false)] {
            let whole = [chunked.as_slice(), &pieces(&vec![b' '; length]), b"0\r\n\r\n"].concat();
            let answer = rest(&attacked.connections(1, &whole)[0]);
            assert_eq!(status(&answer) == Some(413), !is_taken, "{method} {path}: {length} octets");
        }
        let mut endless = attacked.connect();
        endless.write_all(&chunked).unwrap();
        let sent = flood(&endless, &pieces(&[b' '; 4096]), 1 << 30);
        assert!(sent < IN_BETWEEN, "{method} {path} took {sent} octets");
        attacked.people_sign_in(1).await;
    }
    let attackers = format!("{} routes, bodies announced of 1 TiB and sent without end", ROUTES.len());
    attacked.end("oversized bodies", &attackers, 32 << 20).await;
}

/// As proxies do, which say that the service is broken when they cannot send it what they were sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_refused_in_the_middle_of_a_body_may_end_it() {
    let attacked = Attacked::begin().await;
    for (method, path, _) in ROUTES {
        let begun = [head(method, path, "Content-Length: 16777216"), vec![b' '; 262_144]].concat();
        let mut client = attacked.connections(1, &begun).remove(0);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert_eq!(status(&answer), Some(413), "{method} {path}");
        for _ in 0..4 {
            client.write_all(&[b' '; 131_072]).unwrap();
        }
    }
    attacked.people_sign_in(1).await;
    attacked.end("refused bodies", &format!("{} that are sent all the same", ROUTES.len()), 32 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_may_be_as_deep_as_it_likes() {
    let attacked = Attacked::begin().await;
    for (path, method, depth) in [("/auth/request-otp", "POST", 16_000), ("/admin/config", "PUT", 260_000)] {
        let (lists, objects) = ("[".repeat(depth), "{\"\":".repeat(depth / 4));
        let wide = format!("[{}0]", "0,".repeat(depth / 2 - 2));
        for body in [lists, objects, wide] {
            let framing = format!("X-OTP-API-Key: {}\r\nContent-Length: {}", attacked.key, body.len());
            let whole = [head(method, path, &framing).as_slice(), body.as_bytes()].concat();
            for stream in attacked.connections(50, &whole) {
                assert_eq!(status(&rest(&stream)), Some(400), "{path}");
            }
            attacked.people_sign_in(5).await;
        }
    }
    attacked.end("deep JSON", "300 bodies, up to 260 000 deep", 64 << 20).await;
}
