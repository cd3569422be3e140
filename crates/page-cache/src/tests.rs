//! Against a real server on the other side.

mod house;

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode},
};
use futures::future::join_all;

use self::house::{Answer, SHARED, house, ordinary};
use crate::Settings;

#[tokio::test]
async fn a_thousand_who_want_one_page_cost_one_rendering() {
    let house = ordinary().await;
    house.script.gate.send_replace(false);
    let crowd = join_all((0..1000).map(|_| house.get("/products/cup")));
    let (answers, ()) = tokio::join!(crowd, async {
        house.script.gate.send_replace(true);
    });
    assert_eq!(house.script.asked(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.number() == 1));
    assert_eq!(house.count("miss"), 1);
    assert_eq!(house.count("hit") + house.count("collapsed"), 999);
    let again = house.get("/products/cup").await;
    assert_eq!((again.number(), again.told("cache-status")), (1, "oxcart; hit; ttl=2"));
}

#[tokio::test]
async fn an_old_page_is_shown_while_one_new_one_is_made() {
    let house = ordinary().await;
    assert_eq!(house.get("/").await.told("cache-status"), "oxcart; fwd=miss; stored; ttl=2");
    house.later(3);
    house.script.gate.send_replace(false);
    let answers = join_all((0..50).map(|_| house.get("/"))).await;
    assert!(answers.iter().all(|answer| answer.number() == 1), "nobody waits");
    assert!(answers.iter().all(|answer| answer.told("age") == "3"));
    assert_eq!(answers[0].told("cache-status"), "oxcart; hit; ttl=-1");
    house.script.gate.send_replace(true);
    house.settle().await;
    let new = house.get("/").await;
    assert_eq!((new.number(), new.told("age"), house.script.asked()), (2, "0", 2));
    // Beyond that time everybody waits for the new one.
    house.later(7);
    assert_eq!(house.get("/").await.number(), 3);
    assert_eq!((house.count("stale"), house.count("miss")), (50, 2));
}

#[tokio::test]
async fn a_change_of_the_catalogue_is_on_the_next_page() {
    let house = ordinary().await;
    assert_eq!(house.get("/").await.number(), 1);
    assert!(house.generation.turn_to(8));
    assert!(!house.generation.turn_to(8));
    assert_eq!(house.get("/").await.number(), 2);
    assert_eq!(house.get("/").await.number(), 2);
}

#[tokio::test]
async fn what_was_asked_before_a_change_is_not_waited_for_after_it() {
    let house = ordinary().await;
    house.script.gate.send_replace(false);
    let (before, after, ()) = tokio::join!(
        house.get("/"),
        async {
            house.generation.turn_to(9);
            house.get("/").await
        },
        async {
            while house.script.asked() < 2 {
                tokio::task::yield_now().await;
            }
            house.script.gate.send_replace(true);
        }
    );
    assert_eq!(house.script.asked(), 2, "one for each state of the catalogue");
    assert_ne!(before.number(), after.number());
    // Whichever came last: what is of before is not shown as fresh.
    let newest = house.get("/").await;
    assert!(newest.number() >= after.number());
}

#[tokio::test]
async fn languages_hosts_and_parameters_have_pages_of_their_own() {
    let house = ordinary().await;
    let targets = [
        "/products",
        "/en/products",
        "/products?cursor=a",
        "/products?cursor=b",
        "/products?cursor=a&sort=name",
    ];
    for (number, target) in (1..).zip(targets) {
        assert_eq!(house.get(target).await.number(), number, "{target}");
    }
    for (number, target) in (1..).zip(targets) {
        let answer = house.get(target).await;
        assert_eq!(answer.number(), number, "{target}");
        assert!(answer.text.contains(&format!(" {target} ")), "{}", answer.text);
    }
    let other = house.send(Method::GET, "/products", &[("host", "evil.example")]).await;
    assert_eq!(other.number(), 6);
    assert!(house.get("/products").await.text.contains("shop.example"));
}

#[tokio::test]
async fn nothing_of_a_visitor_reaches_another() {
    let house = ordinary().await;
    let headers = [("cookie", "_ga=mine"), ("user-agent", "mine"), ("accept-language", "en")];
    let first = house.send(Method::GET, "/?utm_source=mine", &headers).await;
    assert!(!first.text.contains("mine"), "{}", first.text);
    assert_eq!(house.get("/").await.number(), 1);
    // Who is somebody is answered by the origin each time, as they are.
    for (number, header) in [
        (2, ("cookie", "oxcart_cart=mine")),
        (3, ("cookie", "__Host-oxcart_access=mine")),
        (4, ("authorization", "Bearer mine")),
    ] {
        let own = house.send(Method::GET, "/", &[header]).await;
        assert_eq!(own.number(), number);
        assert!(own.text.contains("mine"));
        assert_eq!(own.told("cache-status"), "oxcart; fwd=bypass; detail=credentials");
    }
    let anonymous = house.get("/").await;
    assert_eq!(anonymous.number(), 1);
    assert_eq!(anonymous.told("vary"), "accept-encoding, cookie");
    // A parameter that nobody knows reaches the origin, and nobody else.
    assert!(house.get("/?token=secret").await.text.contains("secret"));
    assert!(!house.get("/").await.text.contains("secret"));
    assert_eq!(house.send(Method::POST, "/", &[]).await.told("cache-status"), "oxcart; fwd=method");
}

#[tokio::test]
async fn a_cookie_that_is_set_is_set_for_one() {
    let house = ordinary().await;
    house.script.say("set-cookie", "oxcart_cart=secret");
    house.script.gate.send_replace(false);
    let crowd = join_all((0..20).map(|_| house.get("/")));
    let (answers, ()) = tokio::join!(crowd, async {
        house.script.gate.send_replace(true);
    });
    let mut numbers: Vec<_> = answers.iter().map(Answer::number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>(), "everybody has an answer of their own");
    assert_eq!(house.cache.kept_bytes() / 100, 2, "a note that it is private, and no page");
}

#[tokio::test]
async fn a_private_page_is_rendered_once_for_each() {
    let house = ordinary().await;
    house.script.say("cache-control", "private, no-store");
    for number in 1..=3 {
        let answer = house.get("/login").await;
        assert_eq!(answer.number(), number);
    }
    let head = house.send(Method::HEAD, "/login", &[]).await;
    assert_eq!((head.status, head.length, house.script.asked()), (200, 0, 4));
}

#[tokio::test]
async fn what_is_gone_is_not_shown_any_more() {
    let house = ordinary().await;
    house.get("/products/cup").await;
    house.later(3);
    *house.script.status.lock().unwrap() = StatusCode::NOT_FOUND;
    assert_eq!(house.get("/products/cup").await.status, 200, "for the last time");
    house.settle().await;
    assert_eq!(house.get("/products/cup").await.status, 404);
}

#[tokio::test]
async fn large_pages_are_passed_on_whole_and_not_kept() {
    let house = house(Settings { page_bytes: 10_000, ..Settings::default() }).await;
    *house.script.words.lock().unwrap() = "x".repeat(200_000);
    let (first, second) = (house.get("/").await, house.get("/").await);
    assert!(first.length > 200_000 && second.length > 200_000);
    assert_eq!(house.script.asked(), 2);
    assert!(house.cache.kept_bytes() < 1_000);
}

#[tokio::test]
async fn memory_is_bounded_and_what_is_wanted_stays() {
    let bytes = 200_000;
    let house = house(Settings { bytes, ..Settings::default() }).await;
    *house.script.words.lock().unwrap() = " ".repeat(20_000);
    for _ in 0..20 {
        house.get("/hot").await;
    }
    for number in 0..100 {
        house.get(&format!("/products?cursor={number}")).await;
        house.get("/hot").await;
        assert!(house.cache.kept_bytes() <= bytes);
    }
    assert_eq!(house.script.asked(), 101, "the hot page was rendered once");
    let text = house.metrics.encode().unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("oxcart_page_cache_bytes "));
    assert!((1..=200_000).contains(&line.unwrap().parse::<u64>().unwrap()));
}

#[tokio::test]
async fn too_many_different_questions_go_by_themselves() {
    let house = house(Settings { questions: 2, ..Settings::default() }).await;
    house.script.gate.send_replace(false);
    let crowd = join_all(HOSTS.map(|host| {
        let house = &house;
        async move { house.send(Method::GET, "/products?cursor=x", &[("host", host)]).await }
    }));
    let (answers, ()) = tokio::join!(crowd, async {
        house.script.gate.send_replace(true);
    });
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(house.script.asked(), 10);
    assert!(house.count("private") >= 1);
}

const HOSTS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

#[tokio::test]
async fn a_page_that_did_not_change_is_not_sent_again() {
    let house = ordinary().await;
    let page = house.get("/").await;
    let etag = page.told("etag").to_owned();
    let same = house.send(Method::GET, "/", &[("if-none-match", &etag)]).await;
    assert_eq!((same.status, same.length, same.told("etag")), (304, 0, etag.as_str()));
    assert_eq!(same.told("cache-control"), SHARED);
    assert_eq!((same.told("content-length"), same.told("content-type")), ("", ""));
    let weak = format!("\"other\", W/{etag}");
    assert_eq!(house.send(Method::GET, "/", &[("if-none-match", &weak)]).await.status, 304);
    assert_eq!(house.send(Method::GET, "/", &[("if-none-match", "\"other\"")]).await.status, 200);
    assert_eq!(house.script.asked(), 1);
}

#[tokio::test]
async fn the_head_alone_is_that_of_the_page() {
    let house = ordinary().await;
    let head = house.send(Method::HEAD, "/", &[]).await;
    let page = house.get("/").await;
    assert_eq!((head.status, head.length, house.script.asked()), (200, 0, 1));
    assert_eq!(head.told("content-length"), page.length.to_string());
    for name in ["etag", "content-type", "cache-control", "vary"] {
        assert_eq!(head.told(name), page.told(name), "{name}");
    }
}

#[tokio::test]
async fn pages_are_kept_compressed() {
    let house = ordinary().await;
    *house.script.words.lock().unwrap() = "<li>cup</li>".repeat(500);
    let plain = house.get("/").await;
    let of =
        async |coding: &str| house.send(Method::GET, "/", &[("accept-encoding", coding)]).await;
    let (br, gzip) = (of("gzip, deflate, br, zstd").await, of("gzip").await);
    assert_eq!((br.told("content-encoding"), gzip.told("content-encoding")), ("br", "gzip"));
    assert!(br.length < plain.length / 10 && gzip.length < plain.length / 10);
    assert_eq!(br.told("content-length"), br.length.to_string());
    assert_eq!((plain.told("content-encoding"), house.script.asked()), ("", 1));
    let tags = [plain.told("etag"), br.told("etag"), gzip.told("etag")];
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
}

#[tokio::test]
async fn an_old_page_is_better_than_none() {
    let house = ordinary().await;
    assert_eq!(house.get("/").await.number(), 1);
    house.away.store(true, Ordering::SeqCst);
    house.generation.turn_to(3);
    house.later(30);
    let rescued = house.get("/").await;
    assert_eq!((rescued.status, rescued.number()), (200, 1));
    assert_eq!(rescued.told("cache-status"), "oxcart; hit; ttl=-28; detail=stale-if-error");
    assert_eq!(rescued.told("age"), "30");
    // For a second nobody waits for a server that is away.
    assert_eq!(house.get("/").await.told("cache-status"), "oxcart; hit; ttl=-28");
    house.settle().await;
    house.later(40);
    let failed = house.get("/").await;
    assert_eq!((failed.status, failed.text.as_str()), (503, "back soon"));
    house.away.store(false, Ordering::SeqCst);
    assert_eq!(house.get("/").await.number(), 2);
}

#[tokio::test]
async fn all_who_wait_are_told_of_one_failure() {
    let house = ordinary().await;
    *house.script.status.lock().unwrap() = StatusCode::INTERNAL_SERVER_ERROR;
    house.script.gate.send_replace(false);
    let crowd = join_all((0..20).map(|_| house.get("/")));
    let (answers, ()) = tokio::join!(crowd, async {
        while house.script.asked() == 0 {
            tokio::task::yield_now().await;
        }
        house.script.gate.send_replace(true);
    });
    assert!(answers.iter().all(|answer| answer.status == 500 && answer.number() == 1));
    assert_eq!((house.script.asked(), house.count("failed")), (1, 20));
    // It is not remembered.
    *house.script.status.lock().unwrap() = StatusCode::OK;
    assert_eq!(house.get("/").await.status, 200);
}

#[tokio::test]
async fn who_is_refused_takes_nobody_along() {
    let house = ordinary().await;
    *house.script.status.lock().unwrap() = StatusCode::TOO_MANY_REQUESTS;
    house.script.gate.send_replace(false);
    let (first, second, ()) = tokio::join!(house.get("/"), house.get("/"), async {
        house.script.gate.send_replace(true);
    });
    assert_eq!((first.status, second.status), (429, 429));
    assert_ne!(first.number(), second.number(), "each was refused for itself");
    *house.script.status.lock().unwrap() = StatusCode::OK;
    assert_eq!(house.get("/").await.number(), 3);
}

#[tokio::test]
async fn an_old_page_is_not_withheld_for_a_slow_new_one() {
    let house = house(Settings { patience: Duration::ZERO, ..Settings::default() }).await;
    house.get("/").await;
    house.generation.turn_to(5);
    house.script.gate.send_replace(false);
    let rescued = house.get("/").await;
    assert_eq!((rescued.number(), rescued.status), (1, 200));
    house.script.gate.send_replace(true);
    house.settle().await;
    assert_eq!(house.get("/").await.number(), 2);
}

#[tokio::test]
async fn who_leaves_does_not_take_the_answer_along() {
    let house = ordinary().await;
    house.script.gate.send_replace(false);
    {
        let first = house.get("/");
        tokio::pin!(first);
        assert!(futures::poll!(&mut first).is_pending());
    }
    house.script.gate.send_replace(true);
    assert_eq!(house.get("/").await.number(), 1);
    assert_eq!(house.script.asked(), 1);
}

#[tokio::test]
async fn it_can_be_waited_for_on_any_thread() {
    let house = ordinary().await;
    let request = Request::builder().uri("/").header("host", "a").body(Body::empty()).unwrap();
    let cache = house.cache.clone();
    let task = house.tasks.spawn(async move { cache.answer(request).await.status() });
    assert_eq!(task.await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn switched_off_it_does_nothing() {
    let house = house(Settings { bytes: 0, ..Settings::default() }).await;
    let (first, second) = (house.get("/").await, house.get("/").await);
    assert_eq!((first.number(), second.number()), (1, 2));
    assert_eq!((second.told("cache-status"), second.told("age")), ("", ""));
}
