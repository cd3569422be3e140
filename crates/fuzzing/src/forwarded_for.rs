//! `X-Forwarded-For`, and whom to believe.

use std::net::{IpAddr, Ipv4Addr};

use api::kit::client_ip::{CLIENT, Trust, WEB_SECRET};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use kernel::Networks;

use crate::text;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
const OUR_PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// Who comes directly is who they are, whatever they say. Behind a proxy of ours, whoever it saw
/// last is; what was said before that cannot change it.
pub fn forwarded_for(data: &[u8]) {
    let proxies: Networks = "10.0.0.0/8, ::1/128".parse().expect("networks");
    let trust = Trust::new(proxies, Some("secret"));
    let mut said = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { continue };
        said.append(FORWARDED_FOR, value.clone());
        // A guess at the storefront's secret, too.
        if value.as_bytes() != b"secret" {
            said.append(WEB_SECRET, value.clone());
        }
        said.append(CLIENT, value);
    }
    assert_eq!(trust.client(Some(STRANGER), &said), Some(STRANGER));
    assert_eq!(trust.client(None, &said), None);

    let client = trust.client(Some(OUR_PROXY), &said);
    assert!(client.is_some());
    let mut added = said.clone();
    added.append(FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"));
    assert_eq!(trust.client(Some(OUR_PROXY), &added), Some(STRANGER));

    // The proxy may also write at the end of the line that came.
    let line = format!("{}, 203.0.113.9", text(data).replace(['\n', '\r'], " "));
    if let Ok(value) = HeaderValue::from_str(&line) {
        let headers = HeaderMap::from_iter([(FORWARDED_FOR, value)]);
        assert_eq!(trust.client(Some(OUR_PROXY), &headers), Some(STRANGER));
    }
    // Nobody is believed where nobody was named.
    assert_eq!(Trust::default().client(Some(OUR_PROXY), &said), Some(OUR_PROXY));
    if let Ok(named) = text(data).parse::<Networks>() {
        assert_eq!(named.to_string().parse(), Ok(named));
    }
}
