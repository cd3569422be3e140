//! Defence against cross-site requests (CSRF): cookies alone do not prove that our pages asked.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
};

/// Whether a request has to be refused: a browser sends it with our cookies on behalf of another
/// site. Browsers say where a request comes from (`Sec-Fetch-Site`, and `Origin` on every
/// cross-site write); programs without either header carry no ambient cookies, and a Bearer token
/// is never ambient.
pub(super) fn refuses(request: &Request, public_url: &str) -> bool {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    if safe || !headers.contains_key(header::COOKIE) || headers.contains_key(header::AUTHORIZATION)
    {
        return false;
    }
    // A payment provider sends the buyer's browser from its own site; what it brings is believed
    // by its signature, never by a cookie.
    let signed = crate::hooks::is_hook(request.uri().path());
    !signed && is_cross_site(headers, public_url)
}

fn is_cross_site(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else { return false };
    let same_host = text("host").is_some_and(|host| {
        origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    });
    !same_host && !origin.eq_ignore_ascii_case(public_url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_use_the_cookies() {
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://shop.example")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("origin", "https://shop.example"), ("host", "127.0.0.1:1")], false),
            (&[("origin", "http://localhost:8080"), ("host", "localhost:8080")], false),
            (&[("origin", "null"), ("host", "shop.example")], true),
        ];
        for (pairs, cross_site) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_cross_site(&headers, "https://shop.example"), cross_site, "{pairs:?}");
        }
    }
}
