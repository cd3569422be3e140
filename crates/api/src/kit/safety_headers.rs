//! What every answer tells a browser, so that it can be used for nothing but what it is.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// An answer of the API is no page: nothing may run in it, and nobody may frame it.
pub const API_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const COMMON: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

const OF_API: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, API_POLICY),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// A year. Said only by a shop that is reached by TLS: over plain HTTP browsers ignore it.
const TLS_ONLY: (HeaderName, &str) = (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");

/// Headers that an answer gets unless it has its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SafetyHeaders(Arc<[(HeaderName, HeaderValue)]>);

impl SafetyHeaders {
    /// Of the API's answers, in a shop that browsers see at `public_url`.
    pub fn of_api(public_url: &str) -> Self {
        Self::made_of(COMMON.into_iter().chain(OF_API), public_url)
    }

    /// Of pages and what belongs to them. A page brings its own policy about contents.
    pub fn of_pages(public_url: &str) -> Self {
        Self::made_of(COMMON.into_iter(), public_url)
    }

    fn made_of(
        headers: impl Iterator<Item = (HeaderName, &'static str)>,
        public_url: &str,
    ) -> Self {
        let tls = public_url.starts_with("https://").then_some(TLS_ONLY);
        let value = |(name, text)| (name, HeaderValue::from_static(text));
        Self(headers.chain(tls).map(value).collect())
    }

    /// Puts those that are missing.
    pub fn complete(&self, headers: &mut HeaderMap) {
        headers.reserve(self.0.len());
        for (name, value) in &*self.0 {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_itself_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=5"));
        SafetyHeaders::of_api("http://localhost:8080").complete(&mut headers);
        assert_eq!(headers[header::CACHE_CONTROL], "max-age=5");
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], API_POLICY);
        assert_eq!(headers.get_all(header::CACHE_CONTROL).iter().count(), 1);
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn tls_is_demanded_where_there_is_tls() {
        let mut headers = HeaderMap::new();
        SafetyHeaders::of_pages("https://shop.example").complete(&mut headers);
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
        assert!(!headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }
}
