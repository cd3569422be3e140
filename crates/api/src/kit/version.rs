//! Optimistic locks over HTTP: a thing's version is its `ETag`, and whoever changes it says in
//! `If-Match` which version they have seen.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use kernel::ErrorCode;

use super::problem::Problem;

/// The version a caller has seen, from `If-Match`. Without one, nobody knows what they overwrite:
/// 422.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers).ok_or_else(|| {
            Problem::new(ErrorCode::ValidationFailed)
                .field("#If-Match", "must be the ETag that was read last, e.g. \"3\"")
        })
    }
}

/// Where the caller may also go on from whatever there is: without the header, nothing is compared.
impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}

impl IfMatch {
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut tags = headers.get_all(header::IF_MATCH).iter();
        let tag = tags.next().filter(|_| tags.next().is_none())?.to_str().ok()?.trim();
        let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
        let number = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| number).map(Self)
    }
}

/// The `ETag` header of a version.
pub fn etag(version: i64) -> [(header::HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{version}\""));
    [(header::ETAG, value.unwrap_or_else(|_| unreachable!("a number is visible ASCII")))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tags: &[&'static str]) -> Option<i64> {
        let mut headers = HeaderMap::new();
        for tag in tags {
            headers.append(header::IF_MATCH, HeaderValue::from_static(tag));
        }
        IfMatch::read(&headers).map(|IfMatch(version)| version)
    }

    #[test]
    fn reads_exactly_one_version() {
        assert_eq!(read(&["\"3\""]), Some(3));
        assert_eq!(read(&[" \"12\" "]), Some(12));
        for bad in ["", "3", "\"\"", "\"x\"", "\"+3\"", "\"-3\"", "W/\"3\"", "*", "\"3\", \"4\""] {
            assert_eq!(read(&[bad]), None, "{bad}");
        }
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["\"3\"", "\"4\""]), None);
        assert_eq!(read(&["\"99999999999999999999\""]), None);
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let [(name, value)] = etag(7);
        assert_eq!((name, value.to_str().unwrap()), (header::ETAG, "\"7\""));
    }
}
