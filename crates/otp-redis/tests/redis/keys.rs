//! What is written, under which names, and for how long.

use otp_core::limit::{HOUR, Rule};
use otp_core::port::LimitStore;
use otp_redis::RedisLimits;
use otp_testbed::stores::{Persistence, Redis};
use otp_testkit::samples::{NOW, Samples};

#[tokio::test]
async fn a_key_begins_with_its_tenant_and_goes_when_it_has_long_ended() {
    let (redis, samples) = (Redis::start(Persistence::None), Samples::random());
    let limits = RedisLimits::connect(&redis.url(), None).await.unwrap();
    let realm = samples.realm();
    let draws = vec![samples.draw(realm, Rule::EmailHour, 3), samples.draw(realm, Rule::EmailDay, 3)];
    // Redis' clock is years ahead of this: what has ended is not its to say.
    limits.acquire(draws.clone(), NOW).await.unwrap();
    assert_eq!(limits.usage(&draws, NOW).await.unwrap()[0].remaining(), 2);

    let number =
        |script: &str, argument: &str| redis.cli(&["EVAL", script, "0", argument]).trim().parse::<u128>().unwrap();
    let beginning = format!("{{{}}}_live:limit:", realm.tenant);
    let of_tenant = "local n = 0
        for _, key in ipairs(redis.call('KEYS', '*')) do if key:sub(1, #ARGV[1]) == ARGV[1] then n = n + 1 end end
        return n";
    assert_eq!((number(of_tenant, &beginning), number("return redis.call('DBSIZE')", "")), (2, 2));
    let lives = number("return redis.call('PTTL', redis.call('KEYS', '*')[1])", "");
    assert!(lives > HOUR.as_millis() && lives <= 2 * HOUR.as_millis(), "{lives}");
}
