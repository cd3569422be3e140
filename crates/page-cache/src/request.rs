//! Which requests may share an answer, and what they ask for.

use std::{borrow::Cow, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header},
};

use crate::encoding::Accepted;

/// Parameters that change a page. A request with any other one is not joined with others, so that
/// invented parameters neither fill the memory nor reach a page that others see.
pub const PARAMETERS: &[&str] =
    &["category", "cursor", "in_stock", "max_price", "min_price", "notice", "sort", "variant"];
/// Parameters that others hang on to links to follow people: pages do not read them.
const FOLLOWERS: &[&str] = &[
    "_ga",
    "_gl",
    "dclid",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "msclkid",
    "srsltid",
    "ttclid",
    "twclid",
    "wbraid",
    "yclid",
];
/// Cookies with these beginnings are the shop's: who sends one is somebody.
const OURS: &[&[u8]] = &[b"oxcart_", b"__Host-oxcart_", b"__Secure-oxcart_"];
/// More is asked for by machines only.
const TARGET_MAX: usize = 1024;
const PARAMETERS_MAX: usize = 16;

/// Headers that the origin may see of whoever asks first: they say for whom it works, and no page
/// depends on them.
const PASSED_ON: [HeaderName; 2] =
    [HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("traceparent")];

/// Why a request goes to the origin by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bypass {
    /// It may change something.
    Method,
    /// It is for a file, not for a page.
    File,
    /// It comes from somebody.
    Credentials,
    /// It wants something else than a page.
    Kind,
    /// It has a parameter that nobody knows, or too much of them.
    Query,
    /// It names no host, or several.
    Host,
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Host, path and parameters: what the answer depends on, and all it may depend on.
    pub key: Arc<str>,
    /// Whether only the head is wanted.
    pub head: bool,
    /// In which forms it can be read.
    pub accepted: Accepted,
    host_length: usize,
}

impl Asked {
    /// What this request asks for, if it is one that shares its answer.
    pub fn of(request: &Request) -> Result<Self, Bypass> {
        let (headers, path) = (request.headers(), request.uri().path());
        let head = match *request.method() {
            Method::GET => false,
            Method::HEAD => true,
            _ => return Err(Bypass::Method),
        };
        if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
            return Err(Bypass::File);
        }
        if headers.contains_key(header::AUTHORIZATION) || has_our_cookie(headers) {
            return Err(Bypass::Credentials);
        }
        let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
        if !empty || headers.contains_key(header::TRANSFER_ENCODING) || !wants_page(headers) {
            return Err(Bypass::Kind);
        }
        let host = host(request)?;
        let mut key = String::with_capacity(host.len() + path.len() + 32);
        key.push_str(&host);
        key.push_str(path);
        if let Some(query) = request.uri().query() {
            add_query(&mut key, query)?;
        }
        if key.len() - host.len() > TARGET_MAX {
            return Err(Bypass::Query);
        }
        let accepted = Accepted::of(headers);
        Ok(Self { key: key.into(), head, accepted, host_length: host.len() })
    }

    /// The question to the origin: made of the key alone.
    pub fn question(&self, request: &Request) -> Request {
        let (host, target) = self.key.split_at(self.host_length);
        let mut question = Request::new(Body::empty());
        // Both were parsed before.
        *question.uri_mut() = target.parse::<Uri>().unwrap_or_default();
        let headers = question.headers_mut();
        if let Ok(host) = HeaderValue::from_str(host) {
            headers.insert(header::HOST, host);
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        for name in PASSED_ON {
            for value in request.headers().get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        // Among them who is connected, whose share of the origin's work this is.
        question.extensions_mut().clone_from(request.extensions());
        question
    }
}

fn has_our_cookie(headers: &HeaderMap) -> bool {
    headers.get_all(header::COOKIE).iter().any(|cookies| {
        cookies
            .as_bytes()
            .split(|byte| *byte == b';')
            .any(|pair| OURS.iter().any(|ours| pair.trim_ascii_start().starts_with(ours)))
    })
}

fn wants_page(headers: &HeaderMap) -> bool {
    let Some(first) = headers.get(header::ACCEPT) else { return true };
    let kinds = ["text/html", "*/*", "text/*"];
    let wants = |text: &str| kinds.iter().any(|kind| text.contains(kind));
    // Whoever says nothing, or `*/*`, gets what browsers get.
    first.is_empty() || first.to_str().is_ok_and(wants)
}

fn host(request: &Request) -> Result<Cow<'_, str>, Bypass> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().map_err(|_| Bypass::Host)?,
        (None, _) => request.uri().authority().ok_or(Bypass::Host)?.as_str(),
        (Some(_), Some(_)) => return Err(Bypass::Host),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
        return Err(Bypass::Host);
    }
    Ok(if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    })
}

/// The known parameters, in one order and one spelling.
fn add_query(key: &mut String, query: &str) -> Result<(), Bypass> {
    if query.len() > TARGET_MAX {
        return Err(Bypass::Query);
    }
    let mut pairs = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if PARAMETERS.contains(&&*name) {
            pairs.push((name, value));
        } else if !name.starts_with("utm_") && !FOLLOWERS.contains(&&*name) {
            return Err(Bypass::Query);
        }
    }
    if pairs.len() > PARAMETERS_MAX {
        return Err(Bypass::Query);
    }
    if !pairs.is_empty() {
        // Stable: of one name said twice, the first is read.
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        key.push('?');
        let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        key.push_str(&written);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(target: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().uri(target).header("host", "Shop.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    fn key(target: &str) -> Result<String, Bypass> {
        Asked::of(&get(target, &[])).map(|asked| asked.key.to_string())
    }

    #[test]
    fn a_key_is_host_path_and_known_parameters_in_one_order() {
        assert_eq!(key("/").unwrap(), "shop.example/");
        assert_eq!(key("/en/products/cup?").unwrap(), "shop.example/en/products/cup");
        assert_eq!(
            key("/products?sort=name&category=%E8%8C%B6").unwrap(),
            key("/products?category=茶&sort=name").unwrap()
        );
        assert_eq!(
            key("/p?sort=b&sort=a&cursor=1").unwrap(),
            "shop.example/p?cursor=1&sort=b&sort=a"
        );
        assert_eq!(key("/p?utm_source=x&fbclid=1").unwrap(), "shop.example/p");
        assert_eq!(key("/p?utm_source=x&variant=1").unwrap(), "shop.example/p?variant=1");
        assert_ne!(key("/p?sort=a").unwrap(), key("/p?sort=A").unwrap());
        assert_ne!(key("/p").unwrap(), key("/P").unwrap());
    }

    #[test]
    fn what_nobody_knows_or_what_is_too_long_goes_by_itself() {
        assert_eq!(key("/p?x=1"), Err(Bypass::Query));
        // Searches are too many to be kept.
        assert_eq!(key("/search?q=tea"), Err(Bypass::Query));
        assert_eq!(key("/p?token=secret"), Err(Bypass::Query));
        assert_eq!(key(&format!("/p?sort={}", "a".repeat(TARGET_MAX))), Err(Bypass::Query));
        assert_eq!(key(&format!("/{}", "a".repeat(TARGET_MAX))), Err(Bypass::Query));
        assert_eq!(key(&format!("/p?{}", "sort=1&".repeat(17))), Err(Bypass::Query));
        assert_eq!(key("/products/cup/__data.json"), Err(Bypass::File));
        assert_eq!(key("/_app/immutable/start.js"), Err(Bypass::File));
    }

    #[test]
    fn who_is_somebody_goes_alone() {
        for (name, value) in [
            ("cookie", "oxcart_cart=1"),
            ("cookie", "theme=dark;  __Host-oxcart_access=1"),
            ("cookie", "a=b; __Secure-oxcart_x=1"),
            ("cookie", "oxcart_lang=en"),
            ("authorization", "Bearer x"),
        ] {
            let asked = Asked::of(&get("/", &[(name, value)]));
            assert_eq!(asked.unwrap_err(), Bypass::Credentials, "{value}");
        }
        assert!(Asked::of(&get("/", &[("cookie", "_ga=GA1; not_oxcart_x=1")])).is_ok());
    }

    #[test]
    fn only_pages_are_asked_for() {
        let of = |method: &str, headers: &[(&str, &str)]| {
            let mut request = get("/", headers);
            *request.method_mut() = method.parse().unwrap();
            Asked::of(&request).map(|asked| asked.head)
        };
        assert_eq!(of("GET", &[]), Ok(false));
        assert_eq!(of("HEAD", &[("accept", "*/*")]), Ok(true));
        assert_eq!(of("GET", &[("accept", "text/html,application/xml;q=0.9")]), Ok(false));
        assert_eq!(of("POST", &[]), Err(Bypass::Method));
        assert_eq!(of("OPTIONS", &[]), Err(Bypass::Method));
        assert_eq!(of("GET", &[("accept", "text/event-stream")]), Err(Bypass::Kind));
        assert_eq!(of("GET", &[("accept", "application/json")]), Err(Bypass::Kind));
        assert_eq!(of("GET", &[("content-length", "3")]), Err(Bypass::Kind));
        assert_eq!(of("GET", &[("transfer-encoding", "chunked")]), Err(Bypass::Kind));
    }

    #[test]
    fn a_host_is_one_plain_name() {
        let of = |hosts: &[&str]| {
            let mut request = Request::new(Body::empty());
            for host in hosts {
                let host = HeaderValue::from_str(host).unwrap();
                request.headers_mut().append(header::HOST, host);
            }
            Asked::of(&request).map(|asked| asked.key.to_string())
        };
        assert_eq!(of(&["SHOP.example:8080"]).unwrap(), "shop.example:8080/");
        assert_eq!(of(&["[::1]:80"]).unwrap(), "[::1]:80/");
        for hosts in [&[][..], &["a", "b"], &["a/b"], &["a?b"], &["a b"], &[""]] {
            assert_eq!(of(hosts), Err(Bypass::Host), "{hosts:?}");
        }
    }

    #[test]
    fn a_question_says_nothing_but_the_key_and_for_whom() {
        let request = get(
            "/p?utm_source=x&sort=a",
            &[
                ("cookie", "_ga=1"),
                ("user-agent", "evil"),
                ("accept-language", "en"),
                ("accept-encoding", "br"),
                ("if-none-match", "\"x\""),
                ("x-forwarded-host", "evil.example"),
                ("x-forwarded-for", "192.0.2.1"),
                ("x-oxcart-client", "192.0.2.9"),
            ],
        );
        let question = Asked::of(&request).unwrap().question(&request);
        let mut said: Vec<String> = question
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        said.sort();
        assert_eq!(said, ["accept: text/html", "host: shop.example", "x-forwarded-for: 192.0.2.1"]);
        assert_eq!(
            (question.method(), question.uri().to_string().as_str()),
            (&Method::GET, "/p?sort=a")
        );
    }

    proptest! {
        /// However a query is written: the question asks for what the key says, and asking that
        /// question again gives the same key.
        #[test]
        fn a_question_has_the_key_it_was_made_of(
            pairs in prop::collection::vec((prop::sample::select(PARAMETERS), ".{0,12}"), 0..6),
            path in "(/[a-z0-9%-]{0,8}){1,3}",
        ) {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let request = get(&format!("{path}?{query}"), &[]);
            let asked = Asked::of(&request).unwrap();
            let question = asked.question(&request);
            let again = Asked::of(&question).unwrap();
            prop_assert_eq!(&again.key, &asked.key);
            let first = |query: &str, name: &str| {
                form_urlencoded::parse(query.as_bytes())
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.into_owned())
            };
            for name in PARAMETERS {
                let kept = first(question.uri().query().unwrap_or_default(), name);
                prop_assert_eq!(kept, first(&query, name));
            }
        }
    }
}
