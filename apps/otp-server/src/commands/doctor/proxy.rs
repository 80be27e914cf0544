//! Whether clients are told apart: limits count by client address, and behind a proxy that is not trusted all are one.
//!
//! From outside a running service nobody can see what its proxy sends, so the service counts, and is asked for its
//! count where metrics are told. Of one that does not answer only the configuration can be judged.

use std::net::SocketAddr;
use std::time::Duration;

use otp_wire::config::Config;

use super::finding::{Check, Finding};

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// What it counts calls by whose `X-Forwarded-For` was not believed.
const COUNT: &str = "otp_forwarded_untrusted_total";
/// What to do about it.
const NAME_IT: &str = "OTP_TRUSTED_PROXIES=… with the address or network of the proxy, as the service sees it";

/// What the service says of its proxy, or what the configuration lets expect.
pub(super) async fn check(config: &Config) -> Finding {
    let counted = match config.metrics_listen {
        Some(address) => asked(address).await,
        None => None,
    };
    judged(config, counted)
}

fn judged(config: &Config, counted: Option<u64>) -> Finding {
    let error = |detail: &str| Finding::error(Check::Proxy, detail);
    if config.trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
        return error("trusted_proxies holds every address: whoever calls can say he is somebody else")
            .fix("name the proxies alone");
    }
    // This service speaks no TLS, so where clients do, something stands in front of it.
    let has_proxy = config.public_url.starts_with("https://");
    match counted {
        Some(1..) => error(
            "the running service got X-Forwarded-For from a private peer that is not trusted: all its clients look alike, \
             and share their limits",
        )
        .fix(NAME_IT),
        _ if !config.trusted_proxies.is_empty() => Finding::ok(Check::Proxy, "X-Forwarded-For of trusted_proxies is believed"),
        _ if !has_proxy => Finding::ok(Check::Proxy, "none is expected: public_url is not https"),
        Some(0) => Finding::warning(
            Check::Proxy,
            "public_url is https, so a proxy has to be in front, but trusted_proxies is empty and the running service \
             got no X-Forwarded-For yet",
        )
        .fix(NAME_IT),
        None => error(
            "public_url is https, so a proxy has to be in front, but trusted_proxies is empty: all clients will look \
             alike, and share their limits",
        )
        .fix(NAME_IT),
    }
}

/// What a service that tells its metrics at `address` has counted; nothing if none answers, or it is another.
async fn asked(address: SocketAddr) -> Option<u64> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().ok()?;
    let answer = client.get(format!("http://{address}/metrics")).send().await.ok()?;
    count(&answer.text().await.ok()?)
}

fn count(told: &str) -> Option<u64> {
    told.lines().find_map(|line| line.strip_prefix(COUNT)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use otp_wire::config::Sources;

    use super::super::finding::Status;
    use super::*;

    fn status(public_url: &str, trusted: &str, counted: Option<u64>) -> Status {
        let environment = [("OTP_PUBLIC_URL", public_url), ("OTP_TRUSTED_PROXIES", trusted)];
        let environment: BTreeMap<String, String> =
            environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let config = Config::read(&Sources { environment, ..Sources::default() }).unwrap();
        judged(&config, counted).status
    }

    #[test]
    fn what_the_service_has_counted_weighs_more_than_what_is_expected() {
        const HTTPS: &str = "https://otp.example";
        for (public_url, trusted, counted, is) in [
            (HTTPS, "", None, Status::Error),
            (HTTPS, "", Some(0), Status::Warning),
            (HTTPS, "", Some(3), Status::Error),
            (HTTPS, "10.0.0.0/8", None, Status::Ok),
            (HTTPS, "10.0.0.0/8", Some(0), Status::Ok),
            (HTTPS, "10.0.0.0/8", Some(1), Status::Error),
            (HTTPS, "10.0.0.0/8 ::/0", None, Status::Error),
            ("http://otp.example", "", None, Status::Ok),
            ("http://otp.example", "", Some(1), Status::Error),
        ] {
            assert_eq!(status(public_url, trusted, counted), is, "{public_url} {trusted} {counted:?}");
        }
    }

    #[test]
    fn the_count_is_found_among_others() {
        let told = format!("# HELP {COUNT} Calls\n# TYPE {COUNT} counter\n{COUNT}_else 7\n{COUNT} 2\n");
        assert_eq!((count(&told), count("up 1\n")), (Some(2), None));
    }
}
