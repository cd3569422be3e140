//! `Prefer` (RFC 7240): what a client would like, if it can be had.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
};

/// What is said when the preference was followed.
pub const APPLIED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("preference-applied"), HeaderValue::from_static("respond-async"));

/// Whether the client would rather come back for the answer (`Prefer: respond-async`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RespondAsync(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for RespondAsync {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(wants_async(&parts.headers)))
    }
}

fn wants_async(headers: &HeaderMap) -> bool {
    let lines = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
    let mut wishes = lines.flat_map(|line| line.split(','));
    wishes.any(|wish| {
        let name = wish.split([';', '=']).next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("respond-async")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wish_among_others() {
        for (lines, wanted) in [
            (&[][..], false),
            (&["respond-async"], true),
            (&["return=minimal", "wait=10, Respond-Async ;x=1"], true),
            (&["respond-asynchronously"], false),
            (&["handling=\"respond-async\""], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("prefer", HeaderValue::from_static(line));
            }
            assert_eq!(wants_async(&headers), wanted, "{lines:?}");
        }
    }
}
