//! `Idempotency-Key` and `Prefer`.

use api::kit::{IdempotencyKey, RespondAsync};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Request, request::Parts},
};
use futures::FutureExt as _;
use uuid::Uuid;

/// A key is 1 to 255 visible ASCII characters, once, or none at all; two that differ make different
/// scoped keys, for each caller and purpose their own.
pub fn idempotency_key(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let (first, second) = (lines.next().unwrap_or_default(), lines.next());
    if HeaderValue::from_bytes(first).is_err() {
        return;
    }
    let key = read(&parts(first, second));
    let good = second.is_none_or(|line| HeaderValue::from_bytes(line).is_err())
        && (1..=255).contains(&first.len())
        && first.iter().all(u8::is_ascii_graphic);
    assert_eq!(key.is_some(), good, "{first:?} {second:?}");
    let Some(key) = key else { return };
    let scoped = key.scoped("orders", None);
    assert_eq!(scoped, key.clone().scoped("orders", None));
    let (somebody, other) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
    let all = [
        scoped,
        key.scoped("checkout", None),
        key.scoped("orders", Some(somebody)),
        key.scoped("orders", Some(other)),
    ];
    for (place, one) in all.iter().enumerate() {
        assert!(!all[..place].contains(one), "{all:?}");
    }
    let longer = [first, b"x"].concat();
    if let Some(longer) = read(&parts(&longer, None)) {
        assert_ne!(longer.scoped("orders", None), scoped);
    }
}

fn parts(first: &[u8], second: Option<&[u8]>) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    for line in [Some(first), second].into_iter().flatten() {
        for name in ["idempotency-key", "prefer"] {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                parts.headers.append(name, value);
            }
        }
    }
    parts
}

fn read(parts: &Parts) -> Option<IdempotencyKey> {
    let mut parts = parts.clone();
    RespondAsync::from_request_parts(&mut parts, &()).now_or_never().expect("waits for nobody").ok();
    let read = IdempotencyKey::from_request_parts(&mut parts, &()).now_or_never();
    read.expect("waits for nobody").ok()
}
