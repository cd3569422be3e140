//! Queries: searches, filters, pages.

use api::{
    admin::audit_log::AuditParams,
    kit::{Problem, Query},
    storefront::products::list::ProductParams,
};
use axum::{
    extract::FromRequestParts,
    http::{Request, Uri},
};
use futures::FutureExt as _;
use kernel::ErrorCode;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use serde::de::DeserializeOwned;

/// What a URI cannot hold.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#');

/// A query is read and bounded, or refused with the parameter's name; no text of it has what
/// PostgreSQL cannot take.
pub fn list_parameters(data: &[u8]) {
    if let Some(params) = read::<ProductParams>(data)
        && let Ok(query) = params.checked().map_err(|problem| only_validation(&problem))
    {
            let is_bounded = |text: &String| !text.contains('\0') && text.chars().count() <= 200;
            assert!(query.category.as_ref().is_none_or(is_bounded), "{query:?}");
            assert!((1..=100).contains(&query.limit.get()), "{query:?}");
            assert!(query.min_price.is_none_or(|price| price.amount() >= 0), "{query:?}");
    }
    if let Some(params) = read::<AuditParams>(data)
        && let Ok(filter) = params.filter().map_err(|problem| only_validation(&problem))
    {
            let texts = [&filter.action, &filter.target_kind, &filter.target_id, &filter.q];
            for text in texts.into_iter().flatten() {
                assert!(!text.contains('\0') && text.chars().count() <= 100, "{text:?}");
            }
    }
}

fn read<T: DeserializeOwned>(data: &[u8]) -> Option<T> {
    let query = percent_encode(data, NOT_IN_A_QUERY);
    let uri: Uri = format!("/?{query}").parse().ok()?;
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.uri = uri;
    let read = Query::<T>::from_request_parts(&mut parts, &()).now_or_never();
    match read.expect("waits for nobody") {
        Ok(Query(params)) => Some(params),
        Err(problem) => {
            only_validation(&problem);
            None
        }
    }
}

fn only_validation(problem: &Problem) {
    assert_eq!(problem.code(), ErrorCode::ValidationFailed, "{problem:?}");
}
