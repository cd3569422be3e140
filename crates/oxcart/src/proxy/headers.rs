//! Headers between the two connections of a proxied request (RFC 9110 §7.6).

use std::net::IpAddr;

use api::kit::client_ip::{CLIENT, WEB_SECRET};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts, uri::Authority};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What concerns one connection only.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Tells the storefront's server for whom we ask, and that it is us who says so. Whatever came in
/// under these names is not passed on.
pub fn introduce(headers: &mut HeaderMap, client: Option<IpAddr>, secret: Option<&HeaderValue>) {
    headers.remove(CLIENT);
    headers.remove(WEB_SECRET);
    if let Some(client) = client.and_then(|it| HeaderValue::try_from(it.to_string()).ok()) {
        headers.insert(CLIENT, client);
    }
    if let Some(secret) = secret {
        headers.insert(WEB_SECRET, secret.clone());
    }
}

/// Makes a request of ours out of one that came in.
pub fn prepare_request(parts: &mut Parts, peer: Option<IpAddr>, scheme: &'static str) {
    strip_hop_by_hop(&mut parts.headers);
    let host =
        parts.headers.get(header::HOST).cloned().or_else(|| authority(parts.uri.authority()?));
    let headers = &mut parts.headers;
    // Never as sent: whoever is in front of us keeps the Host header, and nobody else is asked.
    headers.remove(X_FORWARDED_HOST);
    if let Some(host) = host {
        headers.insert(header::HOST, host.clone());
        headers.insert(X_FORWARDED_HOST, host);
    }
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
    if let Some(peer) = peer {
        let before = headers.get(X_FORWARDED_FOR).and_then(|value| value.to_str().ok());
        let chain = before.map_or_else(|| peer.to_string(), |before| format!("{before}, {peer}"));
        if let Ok(chain) = HeaderValue::from_str(&chain) {
            headers.insert(X_FORWARDED_FOR, chain);
        }
    }
}

/// Removes what concerns one connection only, also what `Connection` names.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// The length of the body, as announced.
pub fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn authority(authority: &Authority) -> Option<HeaderValue> {
    HeaderValue::from_str(authority.as_str()).ok()
}
