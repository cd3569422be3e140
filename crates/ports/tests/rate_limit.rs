//! Rate limits against a real Redis, which the test starts itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::{
    num::NonZeroU32,
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ports::rate_limit::{HandClock, Policy, Quota, RateLimiter};
use redis::Commands as _;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// A server on a unix socket, without anything on disk.
struct Redis {
    dir: TempDir,
    child: Child,
}

impl Redis {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let child = spawn(dir.path());
        Self { dir, child }
    }

    fn url(&self) -> String {
        format!("redis+unix://{}/socket", self.dir.path().display())
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.child = spawn(self.dir.path());
    }

    fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(dir: &Path) -> Child {
    let socket = dir.join("socket");
    std::fs::remove_file(&socket).ok();
    let mut child = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
        .arg(&socket)
        .current_dir(dir)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is not installed: scripts/setup-system.sh test");
    let began = Instant::now();
    while UnixStream::connect(&socket).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "redis-server ended by itself");
        assert!(began.elapsed() < Duration::from_secs(30), "redis-server does not listen");
        std::thread::yield_now();
    }
    child
}

fn policy(burst: u32, per: Duration) -> [Policy; 1] {
    [Policy { name: "test", quota: Quota { burst: NonZeroU32::new(burst).unwrap(), per } }]
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_count_together_however_they_ask() {
    let redis = Redis::start();
    let servers = [0, 1, 2].map(|_| RateLimiter::shared(&policy(20, HOUR), &redis.url()).unwrap());
    let mut tasks = JoinSet::new();
    for _ in 0..30 {
        for server in servers.clone() {
            tasks.spawn(async move { server.check_shared(0, 7).await });
        }
    }
    let decisions = tasks.join_all().await;
    let mut passed: Vec<u32> =
        decisions.iter().filter(|it| it.allowed).map(|it| it.remaining).collect();
    passed.sort_unstable();
    assert_eq!(passed, (0..20).collect::<Vec<_>>(), "each of the twenty was given once");
    let refused = decisions.iter().find(|it| !it.allowed).unwrap();
    assert!((3_590..=3_600).contains(&refused.retry_after), "{refused:?}");
    // Somebody else's bucket is full.
    assert_eq!(servers[0].check_shared(0, 8).await.remaining, 19);
}

#[tokio::test]
async fn redis_decides_as_one_server_would() {
    let redis = Redis::start();
    let mut connection = redis.connection();
    let (per, clock) = (Duration::from_hours(10), HandClock::default());
    let alone = RateLimiter::by_hand(&policy(5, per), &clock);
    let key = format!("oxcart:limit:test:{:032x}", 7);
    // Hours that pass before each request. No clock is moved in Redis: the bucket is.
    for hours in [0, 0, 3, 0, 0, 0, 7, 1, 0, 9, 10, 25, 0, 0, 0, 49, 0, 60, 0] {
        clock.advance(Duration::from_hours(hours));
        let full_at: Option<i64> = connection.get(&key).unwrap();
        if let Some(full_at) = full_at {
            let moved = full_at - i64::try_from(hours * 3_600_000_000).unwrap();
            let () = connection.set(&key, moved).unwrap();
        }
        let expected = alone.check(0, 7);
        // A new one each time: only Redis remembers.
        let server = RateLimiter::shared(&policy(5, per), &redis.url()).unwrap();
        let decision = server.check_shared(0, 7).await;
        // Some milliseconds passed for real.
        let late = expected.retry_after.abs_diff(decision.retry_after) <= 5;
        assert!(late, "{decision:?} and {expected:?}");
        assert_eq!(
            (decision.allowed, decision.remaining, decision.reset),
            (expected.allowed, expected.remaining, expected.reset)
        );
        if decision.allowed {
            let lives: i64 = connection.pttl(&key).unwrap();
            let used = i64::from(decision.limit - decision.remaining) * 36_000_000;
            assert!(lives > 0 && lives <= used, "a bucket is forgotten once it is full: {lives}");
        }
    }
}

#[tokio::test]
async fn a_redis_that_is_away_refuses_nobody_and_is_taken_up_again() {
    let mut redis = Redis::start();
    let [one, other] =
        [0, 1].map(|_| RateLimiter::shared(&policy(100, HOUR), &redis.url()).unwrap());
    assert_eq!(one.check_shared(0, 7).await.remaining, 99);
    assert_eq!(other.check_shared(0, 7).await.remaining, 98);
    redis.kill();
    let began = Instant::now();
    assert_eq!(one.check_shared(0, 7).await.remaining, 98, "each for itself");
    for left in (0..98).rev() {
        let decision = one.check_shared(0, 7).await;
        assert_eq!((decision.allowed, decision.remaining), (true, left));
    }
    assert!(!one.check_shared(0, 7).await.allowed, "its own limit holds");
    assert!(began.elapsed() < Duration::from_secs(3), "nobody waits for it: {:?}", began.elapsed());

    redis.start_again();
    let deadline = Instant::now() + Duration::from_secs(30);
    // Redis has forgotten everybody: its count goes up from there, and both see it.
    while other.check_shared(0, 9).await.remaining + 1 != 100
        || one.check_shared(0, 9).await.remaining != 98
    {
        assert!(Instant::now() < deadline, "it is not asked again");
        let _: () = redis.connection().del(format!("oxcart:limit:test:{:032x}", 9)).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_said_at_once() {
    assert!(RateLimiter::shared(&policy(1, HOUR), "not an address").is_err());
}
