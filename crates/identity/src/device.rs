//! What a sign-in shows of where it came from: for its owner, to tell their sessions apart.

use std::net::IpAddr;

/// The device of a sign-in, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    user_agent: Option<String>,
    ip: Option<IpAddr>,
}

impl Device {
    /// The longest user agent that is kept.
    pub const MAX_CHARS: usize = 200;

    /// What the program calls itself, without control characters and cut to
    /// [`MAX_CHARS`](Self::MAX_CHARS), and where it asked from.
    pub fn new(user_agent: Option<&str>, ip: Option<IpAddr>) -> Self {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| !c.is_control()).take(Self::MAX_CHARS).collect()
        };
        let user_agent = user_agent.map(plain).filter(|text| !text.trim().is_empty());
        Self { user_agent, ip }
    }

    /// What the program calls itself.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Where it asked from.
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_device_that_says_nothing_is_unknown() {
        for empty in [None, Some(""), Some("  "), Some("\r\n\0")] {
            assert_eq!(Device::new(empty, None), Device::default());
        }
        let device = Device::new(Some("Mozilla/5.0 (X11)\r\n"), Some([127, 0, 0, 1].into()));
        assert_eq!(device.user_agent(), Some("Mozilla/5.0 (X11)"));
        assert_eq!(device.ip(), Some([127, 0, 0, 1].into()));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_stays_short_and_printable(text in any::<String>()) {
            let device = Device::new(Some(&text), None);
            let kept = device.user_agent().unwrap_or_default();
            prop_assert!(kept.chars().count() <= Device::MAX_CHARS);
            prop_assert!(!kept.chars().any(char::is_control));
        }
    }
}
