//! Which way mails go, in the words of the configuration.

use std::{fmt, path::Path, str::FromStr, sync::Arc};

use kernel::SharedClock;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    DevMailbox, MailError, Mailer, sender,
    sendgrid::{SendGrid, SendGridAccount},
    smtp::{Security, Smtp, SmtpServer},
};
use crate::address::{Address, MASK, RouteError, bracketed};

/// Which way mails go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MailRoute {
    /// `folder`: nowhere, but into a folder.
    #[default]
    Folder,
    /// `smtps://user:password@host:465` (TLS), `smtp://user:password@host:587` (`STARTTLS`), or
    /// `smtp://host:25?tls=none`; `ca=FILE` for a certificate authority of one's own.
    Smtp(SmtpServer),
    /// `sendgrid://KEY@api.sendgrid.com`, or `…@api.eu.sendgrid.com`.
    SendGrid(SendGridAccount),
}

/// What is expected, for error messages.
const EXPECTED: &str = "expected folder, smtps://user:password@host, smtp://user:password@host or \
                        sendgrid://KEY@api.sendgrid.com";

impl MailRoute {
    /// Opens the way. `from` is who mails come from; `folder` is where they lie when they go nowhere.
    pub fn open(
        &self,
        folder: &Path,
        from: &str,
        clock: SharedClock,
    ) -> Result<Arc<dyn Mailer>, MailError> {
        Ok(match self {
            Self::Folder => Arc::new(DevMailbox::new(folder, from, clock)?),
            Self::Smtp(server) => Arc::new(Smtp::new(server.clone(), sender(from)?, clock)?),
            Self::SendGrid(account) => Arc::new(SendGrid::new(account.clone(), sender(from)?)?),
        })
    }

    /// Whether mails leave the house at all.
    pub fn leaves_the_house(&self) -> bool {
        *self != Self::Folder
    }
}

impl FromStr for MailRoute {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        if text == "folder" {
            return Ok(Self::Folder);
        }
        if !text.contains("://") {
            return Err(RouteError::new(EXPECTED));
        }
        let address = Address::parse(text)?;
        match address.scheme.as_str() {
            "smtp" | "smtps" => smtp(address).map(Self::Smtp),
            "sendgrid" => sendgrid(address).map(Self::SendGrid),
            _ => Err(RouteError::new(EXPECTED)),
        }
    }
}

/// As the operator sees it: without secrets.
impl fmt::Display for MailRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("folder"),
            Self::Smtp(server) => show_smtp(server, f),
            Self::SendGrid(account) => {
                write!(f, "sendgrid://{MASK}@{}", account.url.trim_start_matches("https://"))
            }
        }
    }
}

fn show_smtp(server: &SmtpServer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let scheme = if server.security == Security::Implicit { "smtps" } else { "smtp" };
    write!(f, "{scheme}://")?;
    if let Some((user, _)) = &server.credentials {
        write!(f, "{}:{MASK}@", utf8_percent_encode(user, NON_ALPHANUMERIC))?;
    }
    write!(f, "{}:{}", bracketed(&server.host), server.port)?;
    let plain = (server.security == Security::Plain).then(|| "tls=none".to_owned());
    let ca = server.ca.as_ref().map(|file| format!("ca={}", file.display()));
    let query: Vec<String> = plain.into_iter().chain(ca).collect();
    if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
}

fn smtp(address: Address) -> Result<SmtpServer, RouteError> {
    let host = address.host()?;
    let mut security =
        if address.scheme == "smtps" { Security::Implicit } else { Security::StartTls };
    let mut ca = None;
    for (name, value) in address.query {
        match (name.as_str(), value.as_str()) {
            ("tls", "none") if security == Security::StartTls => security = Security::Plain,
            ("ca", file) if !file.is_empty() => ca = Some(file.into()),
            _ => return Err(RouteError::new("after ? there may be ca=FILE, or for smtp tls=none")),
        }
    }
    if !address.path.is_empty() {
        return Err(RouteError::new("an address of a mail server has no path"));
    }
    let credentials = match (address.user, address.password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => return Err(RouteError::new("user and password belong together")),
    };
    let near = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
    if security == Security::Plain && credentials.is_some() && !near {
        return Err(RouteError::new("tls=none would send the password for everybody to read"));
    }
    let port = match security {
        Security::Implicit => 465,
        Security::StartTls => 587,
        Security::Plain => 25,
    };
    Ok(SmtpServer { host, port: address.port.unwrap_or(port), security, credentials, ca })
}

fn sendgrid(address: Address) -> Result<SendGridAccount, RouteError> {
    let host = address.host()?;
    // A key goes to nobody else by a slip of the pen.
    if !matches!(host.as_str(), "api.sendgrid.com" | "api.eu.sendgrid.com") {
        return Err(RouteError::new("the host is api.sendgrid.com or api.eu.sendgrid.com"));
    }
    let more = address.password.is_some() || address.port.is_some() || !address.path.is_empty();
    let key = match address.user {
        Some(key) if !more && address.query.is_empty() => key,
        _ => return Err(RouteError::new("expected sendgrid://KEY@api.sendgrid.com")),
    };
    Ok(SendGridAccount { url: format!("https://{host}"), key })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> MailRoute {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_way_is_read_and_shown_without_its_secret() {
        for (text, shown) in [
            ("folder", "folder"),
            (
                "smtps://shop%40a.example:p%40ss%2Fword@mail.example",
                "smtps://shop%40a%2Eexample:••••••@mail.example:465",
            ),
            ("smtp://u:secret@mail.example", "smtp://u:••••••@mail.example:587"),
            ("smtp://mail.example:2525?tls=none", "smtp://mail.example:2525?tls=none"),
            ("smtp://u:secret@localhost?tls=none", "smtp://u:••••••@localhost:25?tls=none"),
            ("smtps://[::1]:4650?ca=/etc/ca.pem", "smtps://[::1]:4650?ca=/etc/ca.pem"),
            ("sendgrid://SG.aB-c.D_e@api.sendgrid.com", "sendgrid://••••••@api.sendgrid.com"),
        ] {
            let route = read(text);
            assert_eq!(route.to_string(), shown);
            let debug = format!("{route:?}");
            for secret in ["p@ss/word", "secret", "SG.aB-c.D_e"] {
                assert!(!debug.contains(secret), "{debug}");
            }
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        let MailRoute::Smtp(server) = read("smtps://shop%40a.example:p%40ss%2Fword@mail.example")
        else {
            panic!("an SMTP server")
        };
        let expected = ("shop@a.example".to_owned(), "p@ss/word".to_owned());
        assert_eq!(server.credentials, Some(expected));
        let MailRoute::SendGrid(account) = read("sendgrid://SG.aB-c.D_e@api.eu.sendgrid.com")
        else {
            panic!("SendGrid")
        };
        let url = "https://api.eu.sendgrid.com".to_owned();
        assert_eq!(account, SendGridAccount { url, key: "SG.aB-c.D_e".to_owned() });
    }

    #[test]
    fn what_is_unknown_or_unsafe_is_refused_without_repeating_it() {
        for (text, expected) in [
            ("", "expected folder"),
            ("smtp", "expected folder"),
            ("Folder", "expected folder"),
            ("mailgun://secret@example.com", "expected folder"),
            ("smtp://u:secret@", "no address"),
            ("smtp://u@mail.example", "belong together"),
            ("smtp://:secret@mail.example", "belong together"),
            ("smtp://u:secret@mail.example?tls=none", "for everybody to read"),
            ("smtp://mail.example?tls=opportunistic", "ca=FILE"),
            ("smtps://mail.example?tls=none", "ca=FILE"),
            ("smtp://mail.example?pool=3", "ca=FILE"),
            ("smtp://mail.example/inbox", "no path"),
            ("smtp://u:secret%FF@mail.example", "UTF-8"),
            ("sendgrid://api.sendgrid.com", "sendgrid://KEY@"),
            ("sendgrid://secret@evil.example", "api.sendgrid.com or"),
            ("sendgrid://a:secret@api.sendgrid.com", "sendgrid://KEY@"),
            ("sendgrid://secret@api.sendgrid.com/v3", "sendgrid://KEY@"),
        ] {
            let error = text.parse::<MailRoute>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }
}
