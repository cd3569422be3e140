//! Where webhooks may go. Whoever registers an endpoint makes this program send requests, from inside
//! the house (SSRF): none of them may reach what only the house can reach.
//!
//! Two looks, at two moments. *The address as it is written*, when it is registered and before each
//! attempt: only `https`, only its usual ports, no name and password in it, no IP address that is not
//! public. *The addresses behind the name*, each time it is resolved: only public ones are handed on
//! to whoever connects, so that what was looked at is what is connected to. A name that leads
//! elsewhere a moment later (DNS rebinding) is looked at again then.
//!
//! Integrators on a network of the operator's own are allowed by `OXCART_WEBHOOK_ALLOW`: addresses in
//! these networks may also be reached by plain `http`, and on any port.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use kernel::Networks;
use reqwest::Url;
use thiserror::Error;

/// The longest address of an endpoint.
pub const LONGEST_URL: usize = 1_000;

/// The ports that may be used on the internet.
const PORTS: [u16; 2] = [443, 8443];

/// What is no place on the internet: IANA's special-purpose registries, and multicast.
static NOT_PUBLIC: LazyLock<Networks> = LazyLock::new(|| {
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 \
     192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 \
     224.0.0.0/4 240.0.0.0/4 2001::/23 2001:db8::/32 2002::/16 3fff::/20"
        .parse()
        .unwrap_or_else(|error| unreachable!("{error}"))
});

/// Of version 6 only this part is given out to the world; translations of version 4 and mapped
/// addresses lie outside.
static PUBLIC_V6: LazyLock<Networks> =
    LazyLock::new(|| "2000::/3".parse().unwrap_or_else(|error| unreachable!("{error}")));

/// Why nothing is sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// It cannot be read as an address.
    #[error("is not an address like https://erp.example/hooks")]
    NoUrl,
    /// It is too long.
    #[error("has more than {LONGEST_URL} characters")]
    TooLong,
    /// A scheme we do not speak.
    #[error("must begin with https://")]
    Scheme,
    /// A port that is not for the web.
    #[error("must use port 443 or 8443")]
    Port,
    /// A name or a password before the host.
    #[error("must hold no user name and no password")]
    Credentials,
    /// Something behind `#`, which nobody would be sent.
    #[error("must hold no fragment")]
    Fragment,
    /// An address that is not public.
    #[error("leads to an address that is not public")]
    NotPublic,
}

/// Which door an address may be reached through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// By TLS on its usual ports: public addresses, and allowed ones.
    Public,
    /// Anyhow: allowed addresses alone.
    Own,
}

/// Decides where webhooks may go. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Arc<Networks>,
}

impl Guard {
    /// Allows these networks besides what is public.
    pub fn new(allowed: Networks) -> Self {
        Self { allowed: Arc::new(allowed) }
    }

    /// Looks at an address as it is written: through which door it may be reached, if at all. What a
    /// name leads to is looked at when it is resolved.
    pub fn look(&self, text: &str) -> Result<(Url, Door), Refused> {
        if text.chars().count() > LONGEST_URL {
            return Err(Refused::TooLong);
        }
        let url = Url::parse(text).map_err(|_| Refused::NoUrl)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Refused::NoUrl)?;
        let secure = match url.scheme() {
            "https" => true,
            // Only our own networks, and there has to be one.
            "http" if !self.allowed.is_empty() => false,
            _ => return Err(Refused::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        if url.fragment().is_some() {
            return Err(Refused::Fragment);
        }
        let usual = url.port_or_known_default().is_some_and(|port| PORTS.contains(&port));
        if !usual && self.allowed.is_empty() {
            return Err(Refused::Port);
        }
        let door = if secure && usual { Door::Public } else { Door::Own };
        // The parser has turned every spelling of an address (octal, one number, …) into the usual
        // one, that of version 6 in brackets.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if literal.is_ok_and(|address| !self.permits(address, door)) {
            return Err(match (door, secure) {
                (Door::Public, _) => Refused::NotPublic,
                (Door::Own, true) => Refused::Port,
                (Door::Own, false) => Refused::Scheme,
            });
        }
        Ok((url, door))
    }

    /// Whether an address may be connected to through this door.
    pub fn permits(&self, address: IpAddr, door: Door) -> bool {
        self.allowed.contains(address) || (door == Door::Public && is_public(address))
    }
}

/// Whether an address belongs to the internet at large. A mapped one (`::ffff:10.0.0.1`) is the one
/// it maps.
pub fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    !NOT_PUBLIC.contains(address) && (address.is_ipv4() || PUBLIC_V6.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allowed: &str) -> Guard {
        Guard::new(allowed.parse().unwrap())
    }

    /// Goal: nothing that only the house can reach. Method: the first and last address of each range,
    /// and the neighbours outside.
    #[test]
    fn only_what_belongs_to_the_internet_is_public() {
        for private in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.0",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            // version 6: unspecified, loopback, mapped, compatible, translated, discard, unique
            // local, link-local, old site-local, multicast, documentation, Teredo, ORCHID, 6to4
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:200::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_is_looked_at_as_it_is_written() {
        let guard = Guard::default();
        for good in [
            "https://erp.example/hooks",
            "https://erp.example:8443/a?b=c",
            "https://erp.example",
            "https://8.8.8.8/x",
            "https://[2606:4700::1111]/x",
            "HTTPS://ERP.EXAMPLE/x",
            "https://例子.example/x",
        ] {
            assert_eq!(guard.look(good).map(|(_, door)| door), Ok(Door::Public), "{good}");
        }
        let long = format!("https://erp.example/{}", "x".repeat(LONGEST_URL));
        for (bad, why) in [
            ("", Refused::NoUrl),
            ("erp.example/hooks", Refused::NoUrl),
            ("https://", Refused::NoUrl),
            ("https:///x", Refused::NotPublic),
            ("http://erp.example/x", Refused::Scheme),
            ("ftp://erp.example/x", Refused::Scheme),
            ("file:///etc/passwd", Refused::NoUrl),
            ("gopher://erp.example/", Refused::Scheme),
            ("https://erp.example:22/", Refused::Port),
            ("https://erp.example:80/", Refused::Port),
            ("https://erp.example:5432/", Refused::Port),
            ("https://a:b@erp.example/", Refused::Credentials),
            ("https://a@erp.example/", Refused::Credentials),
            ("https://8.8.8.8@127.0.0.1/", Refused::Credentials),
            ("https://erp.example/#x", Refused::Fragment),
            ("https://127.0.0.1/", Refused::NotPublic),
            ("https://2130706433/", Refused::NotPublic),
            ("https://0x7f.1/", Refused::NotPublic),
            ("https://0177.0.0.1/", Refused::NotPublic),
            ("https://127.1/", Refused::NotPublic),
            ("https://１２７.０.０.１/", Refused::NotPublic),
            ("https://169.254.169.254/latest/meta-data/", Refused::NotPublic),
            ("https://10.0.0.1:8443/", Refused::NotPublic),
            ("https://[::1]/", Refused::NotPublic),
            ("https://[::ffff:127.0.0.1]/", Refused::NotPublic),
            ("https://[::ffff:7f00:1]/", Refused::NotPublic),
            ("https://[64:ff9b::7f00:1]/", Refused::NotPublic),
            ("https://[fe80::1]/", Refused::NotPublic),
            (long.as_str(), Refused::TooLong),
        ] {
            // Three slashes are read as two: what follows is the host.
            let found = guard.look(bad).map(|(url, _)| url.to_string());
            let same = bad == "https:///x" && found == Ok("https://x/".to_owned());
            assert!(same || found == Err(why), "{bad}: {found:?}");
        }
    }

    #[test]
    fn an_own_network_is_reached_anyhow_and_nothing_else_is() {
        let guard = guard("10.1.0.0/16, fd00::/8");
        for (url, found) in [
            ("http://10.1.2.3:3000/hooks", Ok(Door::Own)),
            ("https://10.1.2.3:9443/", Ok(Door::Own)),
            ("https://10.1.2.3/", Ok(Door::Public)),
            ("http://[fd00::1]/", Ok(Door::Own)),
            ("http://erp.internal:3000/", Ok(Door::Own)),
            ("http://10.2.0.1/", Err(Refused::Scheme)),
            ("http://8.8.8.8/", Err(Refused::Scheme)),
            ("https://8.8.8.8:22/", Err(Refused::Port)),
            ("https://10.2.0.1/", Err(Refused::NotPublic)),
            ("ftp://10.1.2.3/", Err(Refused::Scheme)),
        ] {
            assert_eq!(guard.look(url).map(|(_, door)| door), found, "{url}");
        }
        let [own, public, private] =
            ["10.1.2.3", "8.8.8.8", "10.2.0.1"].map(|it| it.parse::<IpAddr>().unwrap());
        let doors = |address| [Door::Public, Door::Own].map(|door| guard.permits(address, door));
        assert_eq!(doors(own), [true, true]);
        assert_eq!(doors(public), [true, false]);
        assert_eq!(doors(private), [false, false]);
        assert_eq!(doors("::ffff:10.1.2.3".parse().unwrap()), [true, true]);
    }
}
