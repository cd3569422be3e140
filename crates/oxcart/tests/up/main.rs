//! `oxcart up` as a person runs it: a real program, its own PostgreSQL, a storefront of a few
//! lines, signals, and what is left afterwards.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod house;

use std::time::{Duration, Instant};

use house::House;
use nix::sys::signal::Signal;

#[tokio::test]
async fn a_new_shop_opens_survives_deaths_and_stops_without_a_trace() {
    let house = House::new();
    let mut shop = house.up().await;
    let said = shop.said();
    for expected in [
        "a new private server",
        "demo shop: ",
        "(shown only now: keep it)",
        &format!("http://localhost:{}/api/docs", house.port),
    ] {
        assert!(said.contains(expected), "{expected:?} is not in\n{said}");
    }
    assert_eq!(house.get("/readyz").await.0, 200);
    assert_eq!(house.get("/media/demo/hero.webp").await.0, 200);
    assert_eq!(house.get("/media/../shop.toml").await.0, 200, "a page's path, not a picture's");
    assert_eq!(house.get("/media/demo/none.webp").await.0, 404);
    assert!(house.get("/api/nothing").await.1.contains("NOT_FOUND"));
    let (_, page) = house.get("/products?q=1").await;
    assert!(page.starts_with("page /products?q=1 for localhost by http"), "{page}");

    // Whoever knocks on the API for a browser has to prove that it is the storefront.
    for (path, left) in [
        ("/_try/203.0.113.9/proven", 9),
        ("/_try/203.0.113.9/proven", 8),
        ("/_try/203.0.113.8/proven", 9),
        ("/_try/203.0.113.7/guessed", 9),
        ("/_try/203.0.113.6/guessed", 8),
    ] {
        assert_eq!(house.get(path).await.1, format!("\"sign-in\";r={left}"), "{path}");
    }

    // The storefront dies: who asks next waits a moment.
    let first = house.pid_of_storefront().await;
    house::signal(first, Signal::SIGKILL);
    assert_eq!(house.get("/").await.0, 200);
    assert_ne!(house.pid_of_storefront().await, first);

    // So does PostgreSQL.
    house::signal(house.pid_of_postgres().unwrap(), Signal::SIGKILL);
    let deadline = Instant::now() + Duration::from_secs(20);
    while house.get("/readyz").await.0 != 200 || house.pid_of_postgres().is_none() {
        assert!(Instant::now() < deadline, "not ready again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // An answer that never ends keeps it from stopping no longer than a request may take (20 s).
    let endless = house.ask("/forever").await;
    shop.signal(Signal::SIGINT);
    assert!(shop.ended_within(Duration::from_secs(40)).await, "{}", shop.said());
    assert!(shop.said().contains("Stopped. Everything is saved."), "{}", shop.said());
    assert_eq!(house.left_running(), Vec::<String>::new());
    drop(endless);
}

#[tokio::test]
async fn a_killed_shop_starts_again_quickly_with_its_data() {
    let house = House::new();
    let mut shop = house.up().await;
    let postgres = house.pid_of_postgres();
    let storefront = house.pid_of_storefront().await;
    assert!(shop.said().contains("demo shop: "));

    shop.signal(Signal::SIGKILL);
    assert!(shop.ended_within(Duration::from_secs(5)).await);
    let deadline = Instant::now() + Duration::from_secs(5);
    while house::is_alive(storefront) {
        assert!(Instant::now() < deadline, "the storefront outlived its parent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(house.pid_of_postgres(), postgres, "it loses nothing, so it may stay");

    let began = Instant::now();
    let mut shop = house.up().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}\n{}", began.elapsed(), shop.said());
    let said = shop.said();
    assert!(said.contains("still running from before"), "{said}");
    assert!(!said.contains("demo shop: ") && !said.contains("shown only now"), "{said}");

    // A second one on the same ground is told off, and does no harm.
    let second = house.command("up").output().unwrap();
    assert!(!second.status.success());
    let words = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(words.contains(&format!("port {}", house.port)), "{words}");
    assert_eq!(house.get("/readyz").await.0, 200);

    // The auditor visits while the shop is at work.
    let audit = house.command("audit").output().unwrap();
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));

    // In a hurry.
    let endless = house.ask("/forever").await;
    shop.signal(Signal::SIGTERM);
    tokio::time::sleep(Duration::from_millis(200)).await;
    shop.signal(Signal::SIGTERM);
    assert!(shop.ended_within(Duration::from_secs(5)).await, "{}", shop.said());
    assert_eq!(house.left_running(), Vec::<String>::new());
    drop(endless);

    // And when nothing runs; it leaves nothing running.
    let audit = house.command("audit").output().unwrap();
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stderr));
    assert_eq!(house.left_running(), Vec::<String>::new());
}
