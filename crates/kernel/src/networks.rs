//! Networks of the internet protocol: whom to trust, whom to spare.

use std::{fmt, net::IpAddr, str::FromStr};

/// Some networks, as in `10.0.0.0/8, ::1/128`; a bare address is a network of one. Empty: nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

/// Text that names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network (CIDR)")]
pub struct NotANetwork(String);

impl Networks {
    /// Whether one of them holds this address. An IPv4 address that came in over IPv6
    /// (`::ffff:192.0.2.1`) is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differ = ours.to_bits() ^ theirs.to_bits();
                differ.checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differ = ours.to_bits() ^ theirs.to_bits();
                differ.checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let network = || -> Option<Self> {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.unwrap_or(most);
            (bits <= most).then_some(Self { address, bits })
        };
        network().ok_or_else(|| NotANetwork(text.to_owned()))
    }
}

impl FromStr for Networks {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let parts = text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Network { address, bits }) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{address}/{bits}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn networks(text: &str) -> Networks {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_inside_or_outside() {
        for (text, address, inside) in [
            ("", "127.0.0.1", false),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "127.0.0.1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.0/8, ::1/128", "::1", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ] {
            let found = networks(text).contains(address.parse().unwrap());
            assert_eq!(found, inside, "{address} in {text:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["10.0.0.0/33", "::/129", "localhost", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8"] {
            let error = text.parse::<Networks>().unwrap_err();
            assert_eq!(error, NotANetwork(text.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn a_network_holds_exactly_what_shares_its_first_bits(
            ours: u32, theirs: u32, bits in 0_u8..=32,
        ) {
            let [a, b] = [ours, theirs].map(|it| IpAddr::from(it.to_be_bytes()));
            let text = |address: u32| format!("{address:032b}")[..usize::from(bits)].to_owned();
            let network = networks(&format!("{a}/{bits}"));
            prop_assert_eq!(network.contains(b), text(ours) == text(theirs));
            prop_assert!(network.contains(a));
        }

        #[test]
        fn what_is_shown_can_be_read_again(
            several in prop::collection::vec((any::<u128>(), 0_u8..=128, any::<bool>()), 0..4),
        ) {
            let text: Vec<String> = several
                .into_iter()
                .map(|(address, bits, short)| {
                    let address = std::net::Ipv6Addr::from_bits(address);
                    if short { format!("10.0.0.0/{}", bits / 4) } else { format!("{address}/{bits}") }
                })
                .collect();
            let read = networks(&text.join(" , "));
            prop_assert_eq!(networks(&read.to_string()), read);
        }
    }
}
