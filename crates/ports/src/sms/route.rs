//! Which way short messages go, in the words of the configuration.

use std::{fmt, path::Path, str::FromStr, sync::Arc};

use kernel::SharedClock;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    DevSmsBox, SmsError, SmsSender,
    mitake::{Mitake, MitakeAccount},
};
use crate::address::{Address, MASK, RouteError, bracketed};

/// Which way short messages go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SmsRoute {
    /// `folder`: nowhere, but into a folder.
    #[default]
    Folder,
    /// `off`: none are written.
    Off,
    /// `mitake://user:password@smsapi.mitake.com.tw`; `/b2c/mtk` after it for contracts that have
    /// another path.
    Mitake(MitakeAccount),
}

/// What is expected, for error messages.
const EXPECTED: &str = "expected off, folder or mitake://user:password@smsapi.mitake.com.tw";

impl SmsRoute {
    /// Opens the way; none where no short messages are wanted.
    pub fn open(
        &self,
        folder: &Path,
        clock: SharedClock,
    ) -> Result<Option<Arc<dyn SmsSender>>, SmsError> {
        Ok(match self {
            Self::Off => None,
            Self::Folder => Some(Arc::new(DevSmsBox::new(folder, clock))),
            Self::Mitake(account) => Some(Arc::new(Mitake::new(account.clone())?)),
        })
    }
}

impl FromStr for SmsRoute {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        match text {
            "off" => return Ok(Self::Off),
            "folder" => return Ok(Self::Folder),
            _ if !text.contains("://") => return Err(RouteError::new(EXPECTED)),
            _ => {}
        }
        let address = Address::parse(text)?;
        if address.scheme != "mitake" {
            return Err(RouteError::new(EXPECTED));
        }
        let host = address.host()?;
        // An account goes to nobody else by a slip of the pen.
        if host != "mitake.com.tw" && !host.ends_with(".mitake.com.tw") {
            return Err(RouteError::new("the host is one of Mitake's, e.g. smsapi.mitake.com.tw"));
        }
        if address.port.is_some() || !address.query.is_empty() {
            return Err(RouteError::new("an address of Mitake has neither port nor ?"));
        }
        let (Some(user), Some(password)) = (address.user, address.password) else {
            return Err(RouteError::new("user and password are missing"));
        };
        let path = if address.path.is_empty() { "/api/mtk" } else { &address.path };
        let url = format!("https://{}{path}", bracketed(&host));
        Ok(Self::Mitake(MitakeAccount { url, user, password }))
    }
}

/// As the operator sees it: without secrets.
impl fmt::Display for SmsRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Folder => f.write_str("folder"),
            Self::Mitake(account) => {
                let user = utf8_percent_encode(&account.user, NON_ALPHANUMERIC);
                let place = account.url.trim_start_matches("https://");
                write!(f, "mitake://{user}:{MASK}@{place}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_read_and_shown_without_its_secret() {
        for (text, shown) in [
            ("off", "off"),
            ("folder", "folder"),
            (
                "mitake://12345678SMS:s%3Acret@smsapi.mitake.com.tw",
                "mitake://12345678SMS:••••••@smsapi.mitake.com.tw/api/mtk",
            ),
            (
                "mitake://u:s%3Acret@smsb2c.mitake.com.tw/b2c/mtk/",
                "mitake://u:••••••@smsb2c.mitake.com.tw/b2c/mtk",
            ),
        ] {
            let route: SmsRoute = text.parse().unwrap();
            assert_eq!(route.to_string(), shown);
            assert!(!format!("{route:?}").contains("s:cret"), "{route:?}");
        }
    }

    #[test]
    fn what_is_unknown_or_unsafe_is_refused_without_repeating_it() {
        for (text, expected) in [
            ("", "expected off"),
            ("none", "expected off"),
            ("twilio://u:secret@example.com", "expected off"),
            ("mitake://u:secret@mitake.com.tw.evil.example", "one of Mitake's"),
            ("mitake://u:secret@evilmitake.com.tw", "one of Mitake's"),
            ("mitake://u@smsapi.mitake.com.tw", "missing"),
            ("mitake://u:secret@smsapi.mitake.com.tw:80", "neither port"),
            ("mitake://u:secret@smsapi.mitake.com.tw?x=1", "neither port"),
        ] {
            let error = text.parse::<SmsRoute>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }
}
