//! The example for who has nothing but Redis does what it says.

use otp_testbed::stores::{Persistence, Redis};

#[expect(dead_code, reason = "its `main` is for who runs it by hand")]
#[path = "../../examples/redis_alone.rs"]
mod redis_alone;

#[tokio::test]
async fn somebody_signs_in_with_nothing_but_redis() {
    let redis = Redis::start(Persistence::EverySecond);
    redis_alone::sign_in(&redis.url()).await.unwrap();
}
