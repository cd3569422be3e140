use std::time::Duration;

use axum::http::header;

use super::*;

#[test]
fn every_route_has_its_class() {
    use Class::{Hook, Order, Read, SignIn, Write};
    for (method, path, class) in [
        (Method::POST, "/api/auth/login", Some(SignIn)),
        (Method::POST, "/api/auth/register", Some(SignIn)),
        (Method::POST, "/api/auth/password/forgot", Some(SignIn)),
        (Method::POST, "/api/auth/password/reset", Some(SignIn)),
        (Method::POST, "/api/auth/email/verify", Some(SignIn)),
        (Method::POST, "/api/auth/email/verify/resend", Some(SignIn)),
        (Method::POST, "/api/auth/refresh", Some(Write)),
        (Method::POST, "/api/auth/logout", Some(Write)),
        (Method::POST, "/api/auth/logout-all", Some(Write)),
        (Method::POST, "/api/me/password", Some(SignIn)),
        (Method::POST, "/api/me/second-factor", Some(SignIn)),
        (Method::DELETE, "/api/me/second-factor", Some(SignIn)),
        (Method::POST, "/api/me/second-factor/confirm", Some(SignIn)),
        (Method::DELETE, "/api/me", Some(SignIn)),
        (Method::PATCH, "/api/me", Some(Write)),
        (Method::DELETE, "/api/me/sessions/1", Some(Write)),
        (Method::PUT, "/api/me/addresses/1", Some(Write)),
        (Method::POST, "/api/me/api-keys", Some(Write)),
        (Method::POST, "/api/orders", Some(Order)),
        (Method::POST, "/api/checkout", Some(Order)),
        (Method::POST, "/api/orders/lookup", Some(SignIn)),
        (Method::POST, "/api/products/mug/stock-notices", Some(SignIn)),
        (Method::DELETE, "/api/stock-notices/1", Some(Write)),
        (Method::POST, "/api/stock-notices/1", Some(Write)),
        (Method::POST, "/api/orders/1/cancel", Some(Write)),
        (Method::POST, "/api/orders/1/payments", Some(Write)),
        (Method::POST, "/api/payments/ecpay/notify", Some(Hook)),
        (Method::POST, "/api/payments/ecpay/result", Some(Hook)),
        (Method::GET, "/api/payments/ecpay/result", Some(Read)),
        (Method::POST, "/api/cart/items", Some(Write)),
        (Method::POST, "/api/admin/inventory/1/receive", Some(Write)),
        (Method::GET, "/api/products", Some(Read)),
        (Method::HEAD, "/api/products/1", Some(Read)),
        (Method::OPTIONS, "/api/orders", Some(Read)),
        (Method::GET, "/api/orders/1/events", Some(Read)),
        (Method::GET, "/api/auth/login", Some(Read)),
        (Method::POST, "/api/", Some(Write)),
        (Method::GET, "/api/none", Some(Read)),
        (Method::GET, "/healthz", None),
        (Method::GET, "/readyz", None),
        (Method::GET, "/metrics", None),
        (Method::POST, "/apis", None),
    ] {
        assert_eq!(Class::of(&method, path), class, "{method} {path}");
    }
}

#[test]
fn policies_are_where_they_are_looked_for() {
    let policies = policies();
    for class in Class::ALL {
        assert_eq!(policies[place_of_address(class)].name, class.name());
        assert_eq!(policies[place_of_account(class)].name, class.account_name());
        assert_eq!(policies[place_of_address(class)].quota, class.per_address());
    }
    let names: std::collections::HashSet<_> = policies.iter().map(|it| it.name).collect();
    assert_eq!(names.len(), policies.len());
}

#[test]
fn an_ipv6_line_is_one_and_ipv4_addresses_are_many() {
    let bucket = |address: &str| bucket_of(address.parse().unwrap());
    assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::ffff:ffff:ffff:ffff"));
    assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
    assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
}

fn limits(exempt: &str) -> (Limits, HandClock) {
    let clock = HandClock::default();
    let whom = Whom { exempt: exempt.parse().unwrap(), ..Whom::default() };
    (Limits::by_hand(whom, &clock), clock)
}

fn visit(limits: &Limits, method: &Method, path: &str, peer: &str) -> Visit {
    limits.visit(method, path, Some(peer.parse().unwrap()), &HeaderMap::new())
}

fn told(stamp: &Stamp) -> Vec<String> {
    stamp.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

#[test]
fn the_headers_say_what_is_left_and_when_there_is_more() {
    let (limits, clock) = limits("");
    let login = visit(&limits, &Method::POST, "/api/auth/login", "192.0.2.1");
    let count = login.to_count().unwrap();
    let first = limits.count(count);
    assert!(!first.is_refusal());
    let expected = ["ratelimit-policy: \"sign-in\";q=10;w=60", "ratelimit: \"sign-in\";r=9;t=6"];
    assert_eq!(told(&first), expected);
    for _ in 1..10 {
        assert!(!limits.count(count).is_refusal());
    }
    clock.advance(Duration::from_millis(3_500));
    let refused = limits.count(count);
    assert!(refused.is_refusal());
    assert_eq!(
        told(&refused),
        [
            "ratelimit-policy: \"sign-in\";q=10;w=60",
            "ratelimit: \"sign-in\";r=0;t=3",
            "retry-after: 3",
        ]
    );
    assert_eq!(refused.problem().code(), ErrorCode::RateLimited);
    let mut headers = HeaderMap::new();
    refused.put(&mut headers);
    assert_eq!(headers[header::RETRY_AFTER], "3");
    clock.advance(Duration::from_secs(3));
    assert!(!limits.count(count).is_refusal());
}

#[test]
fn some_are_not_counted() {
    let (limits, _) = limits("10.0.0.0/8, ::1/128");
    let counted = |method, path, peer| visit(&limits, &method, path, peer).to_count().is_some();
    assert!(counted(Method::GET, "/api/products", "192.0.2.1"));
    assert!(!counted(Method::GET, "/api/products", "10.1.2.3"));
    assert!(!counted(Method::GET, "/api/products", "::1"));
    assert!(!counted(Method::GET, "/healthz", "192.0.2.1"));
    let unknown = limits.visit(&Method::GET, "/api/products", None, &HeaderMap::new());
    assert!(unknown.to_count().is_none());
    let off = Limits::off();
    assert!(visit(&off, &Method::GET, "/api/products", "192.0.2.1").to_count().is_none());
}

#[tokio::test]
async fn an_account_is_counted_once_a_request_from_wherever_it_asks() {
    let (limits, _) = limits("10.0.0.0/8");
    let account = UserId::from(uuid::Uuid::from_u128(7));
    let ask = async |peer: u8, account| {
        let mut extensions = Extensions::new();
        let peer = format!("192.0.2.{peer}");
        extensions.insert(visit(&limits, &Method::POST, "/api/orders", &peer));
        limits.count_account(&mut extensions, account).await?;
        limits.count_account(&mut extensions, account).await
    };
    for peer in 0..20 {
        ask(peer, account).await.unwrap();
    }
    let refused = ask(99, account).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::RateLimited);
    ask(99, UserId::from(uuid::Uuid::from_u128(8))).await.unwrap();
    // Trusted back ends are spared whatever account they use.
    let mut extensions = Extensions::new();
    extensions.insert(visit(&limits, &Method::POST, "/api/orders", "10.1.1.1"));
    limits.count_account(&mut extensions, account).await.unwrap();
}
