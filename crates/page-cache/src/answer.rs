//! What may be done with an answer.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};

/// More is not "seconds-long" any more, whatever an answer says.
const FRESH_MAX: i64 = 60;
const STALE_MAX: i64 = 60;
const ERROR_MAX: i64 = 600;

/// How long an answer may be shown, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// As it is.
    pub fresh: i64,
    /// After that, while a new one is made.
    pub stale: i64,
    /// After the first, while the origin fails.
    pub on_error: i64,
}

/// What an answer is to others than the one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Everybody's.
    Shared(Terms),
    /// The asker's alone.
    Private,
    /// The asker's alone, and what was there before is there no more.
    Gone,
    /// The asker's fault: somebody else may be answered differently.
    Refused,
    /// Nobody's: the origin failed.
    Failed,
}

/// Judges an answer by its head.
pub fn judge(answer: &Response) -> Judgement {
    let status = answer.status();
    if status.is_server_error() {
        return Judgement::Failed;
    }
    if status.is_redirection() || matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
        return Judgement::Gone;
    }
    if status.is_client_error() {
        return Judgement::Refused;
    }
    let headers = answer.headers();
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let sound = status == StatusCode::OK
        && html
        && !headers.contains_key(header::SET_COOKIE)
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::CONTENT_RANGE)
        && varies_as_we_do(headers)
        && !has_nonce(headers);
    match terms(headers) {
        Some(terms) if sound => Judgement::Shared(terms),
        _ => Judgement::Private,
    }
}

/// By what the key has, or what we do ourselves: nothing else.
fn varies_as_we_do(headers: &HeaderMap) -> bool {
    headers.get_all(header::VARY).iter().all(|names| {
        names.to_str().is_ok_and(|names| {
            names.split(',').map(str::trim).all(|name| {
                name.is_empty()
                    || name.eq_ignore_ascii_case("accept-encoding")
                    || name.eq_ignore_ascii_case("cookie")
            })
        })
    })
}

/// A nonce that many get is no secret.
fn has_nonce(headers: &HeaderMap) -> bool {
    [header::CONTENT_SECURITY_POLICY, header::CONTENT_SECURITY_POLICY_REPORT_ONLY].iter().any(
        |name| {
            headers
                .get_all(name)
                .iter()
                .any(|policy| policy.as_bytes().windows(7).any(|part| part == b"'nonce-"))
        },
    )
}

/// What `Cache-Control` allows; nothing unless it says so expressly.
fn terms(headers: &HeaderMap) -> Option<Terms> {
    let (mut public, mut strict) = (false, false);
    let mut terms = Terms { fresh: 0, stale: 0, on_error: 0 };
    for line in headers.get_all(header::CACHE_CONTROL) {
        for directive in line.to_str().ok()?.split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = || value.trim().trim_matches('"').parse::<u32>().ok().map(i64::from);
            match name.trim().to_ascii_lowercase().as_str() {
                "private" | "no-store" | "no-cache" => return None,
                "public" => public = true,
                "must-revalidate" | "proxy-revalidate" => strict = true,
                "s-maxage" => terms.fresh = seconds()?.min(FRESH_MAX),
                "stale-while-revalidate" => terms.stale = seconds()?.min(STALE_MAX),
                "stale-if-error" => terms.on_error = seconds()?.min(ERROR_MAX),
                _ => {}
            }
        }
    }
    if strict {
        (terms.stale, terms.on_error) = (0, 0);
    }
    (public && terms.fresh > 0).then_some(terms)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const SHARED: &str =
        "public, max-age=0, s-maxage=2, stale-while-revalidate=5, stale-if-error=60";

    fn judged(status: u16, headers: &[(&str, &str)]) -> Judgement {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        judge(&answer.body(Body::empty()).unwrap())
    }

    fn with(name: &str, value: &str) -> Judgement {
        let mut headers = vec![("content-type", "text/html; charset=utf-8")];
        if name != "cache-control" {
            headers.push(("cache-control", SHARED));
        }
        headers.push((name, value));
        judged(200, &headers)
    }

    #[test]
    fn an_answer_is_shared_when_it_says_so() {
        let expected = Judgement::Shared(Terms { fresh: 2, stale: 5, on_error: 60 });
        assert_eq!(with("cache-control", SHARED), expected);
        assert_eq!(with("vary", "Cookie, Accept-Encoding"), expected);
        assert_eq!(with("content-security-policy", "script-src 'self' 'sha256-x'"), expected);
        assert_eq!(
            with("cache-control", "Public, S-MaxAge=\"9\""),
            Judgement::Shared(Terms { fresh: 9, stale: 0, on_error: 0 })
        );
        assert_eq!(
            with(
                "cache-control",
                "public, s-maxage=99999, stale-while-revalidate=99999, stale-if-error=99999"
            ),
            Judgement::Shared(Terms { fresh: FRESH_MAX, stale: STALE_MAX, on_error: ERROR_MAX })
        );
        assert_eq!(
            with("cache-control", "public, s-maxage=9, stale-if-error=9, proxy-revalidate"),
            Judgement::Shared(Terms { fresh: 9, stale: 0, on_error: 0 })
        );
    }

    #[test]
    fn everything_else_is_private() {
        for text in [
            "public",
            "s-maxage=2",
            "public, max-age=600",
            "public, s-maxage=0",
            "public, s-maxage=-1",
            "public, s-maxage=x",
            "private, no-store",
            "public, s-maxage=2, private",
            "public, s-maxage=2, no-cache",
            "public, s-maxage=2, no-store=\"x\"",
        ] {
            assert_eq!(with("cache-control", text), Judgement::Private, "{text}");
        }
        for (name, value) in [
            ("set-cookie", "a=b"),
            ("vary", "*"),
            ("vary", "Accept-Language"),
            ("content-encoding", "gzip"),
            ("content-security-policy", "script-src 'self' 'nonce-abc'"),
        ] {
            assert_eq!(with(name, value), Judgement::Private, "{name}");
        }
        assert_eq!(judged(200, &[("cache-control", SHARED)]), Judgement::Private);
        let page = [("content-type", "text/html"), ("cache-control", SHARED)];
        for (status, expected) in [
            (206, Judgement::Private),
            (303, Judgement::Gone),
            (404, Judgement::Gone),
            (429, Judgement::Refused),
            (500, Judgement::Failed),
            (503, Judgement::Failed),
        ] {
            assert_eq!(judged(status, &page), expected, "{status}");
        }
    }
}
