//! From where somebody asks.
//!
//! It is the peer, unless the peer is one of ours and asks for somebody else: a reverse proxy that
//! was named as trusted, or the storefront's server, which proves itself with a secret. Whoever is
//! neither can say what they like in their headers; nobody listens.

use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
};
use kernel::Networks;
use subtle::ConstantTimeEq as _;

use super::limits::Visit;

/// For whom the storefront's server asks.
pub const CLIENT: HeaderName = HeaderName::from_static("x-oxcart-client");
/// What it proves itself with.
pub const WEB_SECRET: HeaderName = HeaderName::from_static("x-oxcart-web-secret");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever is asking; unknown where no connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Visit::of(&parts.extensions).client))
    }
}

/// Whom to believe when they say for whom they ask. By default nobody.
#[derive(Clone, Default)]
pub struct Trust {
    proxies: Networks,
    web_secret: Option<Arc<str>>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("proxies", &self.proxies).finish_non_exhaustive()
    }
}

impl Trust {
    /// The reverse proxies in these networks, and the storefront's server by its secret. An empty
    /// secret is none.
    pub fn new(proxies: Networks, web_secret: Option<&str>) -> Self {
        let web_secret = web_secret.filter(|secret| !secret.is_empty()).map(Into::into);
        Self { proxies, web_secret }
    }

    /// The address of whoever is asking.
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.map(|peer| peer.to_canonical());
        if self.is_storefront(headers) {
            let client = headers.get(CLIENT).and_then(|value| value.to_str().ok());
            return client.and_then(address).or(peer);
        }
        match peer {
            Some(peer) if self.proxies.contains(peer) => Some(self.forwarded(peer, headers)),
            peer => peer,
        }
    }

    fn is_storefront(&self, headers: &HeaderMap) -> bool {
        let Some(secret) = &self.web_secret else { return false };
        let given = headers.get(WEB_SECRET).map(HeaderValue::as_bytes);
        given.is_some_and(|given| bool::from(given.ct_eq(secret.as_bytes())))
    }

    /// The last address of the chain that is no proxy of ours: each of ours has added whom it saw
    /// at the end, and what stands before may be invented. A chain of ours alone begins with who
    /// asks; one with something unreadable is believed as far as it can be read.
    fn forwarded(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        // By its bytes: what a client writes before the commas of our proxies may be anything.
        let chain = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut last = peer;
        for link in chain {
            let Some(link) = std::str::from_utf8(link).ok().and_then(address) else { break };
            last = link;
            if !self.proxies.contains(link) {
                break;
            }
        }
        last
    }
}

/// An address as proxies write it: some with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse().map(|it: SocketAddr| it.ip());
    bare.parse().or_else(|_| with_port()).ok().map(|it: IpAddr| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "a secret between two programs";

    fn trust(proxies: &str) -> Trust {
        Trust::new(proxies.parse().unwrap(), Some(SECRET))
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn client(trust: &Trust, peer: &str, pairs: &[(&'static str, &str)]) -> String {
        let found = trust.client(Some(peer.parse().unwrap()), &headers(pairs));
        found.unwrap().to_string()
    }

    #[test]
    fn a_trusted_proxy_says_who_is_asking() {
        let trust = trust("10.0.0.0/8, 2001:db8::/32");
        for (chain, expected) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["203.0.113.9, 10.1.1.1"], "203.0.113.9"),
            // What stands before the last stranger, that stranger may have written.
            (&["1.1.1.1, 203.0.113.9, 10.1.1.1"], "203.0.113.9"),
            (&["1.1.1.1", "203.0.113.9", "10.1.1.1, 2001:db8::7"], "203.0.113.9"),
            (&["10.9.9.9, 10.1.1.1"], "10.9.9.9"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["[2001:db9::1]:4711"], "2001:db9::1"),
            (&["[2001:db9::1]"], "2001:db9::1"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["1.1.1.1, unknown, 10.1.1.1"], "10.1.1.1"),
            (&["unknown"], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            let pairs: Vec<_> = chain.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(client(&trust, "10.0.0.1", &pairs), expected, "{chain:?}");
            assert_eq!(client(&trust, "::ffff:10.0.0.1", &pairs), expected, "{chain:?}");
        }
    }

    #[test]
    fn the_storefronts_server_is_believed_by_its_secret_alone() {
        let trust = trust("");
        let asks =
            |secret, client_ip| [("x-oxcart-web-secret", secret), ("x-oxcart-client", client_ip)];
        assert_eq!(client(&trust, "127.0.0.1", &asks(SECRET, "203.0.113.9")), "203.0.113.9");
        assert_eq!(client(&trust, "192.0.2.7", &asks(SECRET, "2001:db8::1")), "2001:db8::1");
        assert_eq!(client(&trust, "127.0.0.1", &asks(SECRET, "nobody")), "127.0.0.1");
        for wrong in ["", "a secret between two program", "a secret between two programs "] {
            let answered = client(&trust, "127.0.0.1", &asks(wrong, "203.0.113.9"));
            assert_eq!(answered, "127.0.0.1", "{wrong:?}");
        }
        let nobody = Trust::new(Networks::default(), Some(""));
        assert_eq!(client(&nobody, "127.0.0.1", &asks("", "203.0.113.9")), "127.0.0.1");
    }

    #[test]
    fn without_a_connection_nobody_is_asking() {
        assert_eq!(
            trust("0.0.0.0/0").client(None, &headers(&[("x-forwarded-for", "1.1.1.1")])),
            None
        );
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<[u8; 4]>().prop_map(IpAddr::from),
            any::<[u8; 16]>().prop_map(IpAddr::from)
        ]
    }

    const NAMES: [&str; 8] = [
        "x-forwarded-for",
        "x-oxcart-client",
        "x-oxcart-web-secret",
        "forwarded",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
    ];

    proptest! {
        #[test]
        fn no_header_of_a_stranger_changes_anything(
            peer in address(),
            sent in prop::collection::vec((0..NAMES.len(), prop_oneof![
                address().prop_map(|it| it.to_string()),
                prop::collection::vec(address(), 0..4).prop_map(|several| {
                    several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                }),
                "[ -~]{0,40}",
                Just("127.0.0.1".to_owned()),
            ]), 0..8),
        ) {
            let trust = trust("127.0.0.0/8, ::1/128, 10.0.0.0/8");
            let peer = peer.to_canonical();
            prop_assume!(!trust.proxies.contains(peer));
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(NAMES[name], HeaderValue::from_str(&value).unwrap());
            }
            prop_assert_eq!(trust.client(Some(peer), &headers), Some(peer));
        }
    }
}
