//! Reading the addresses by which the configuration names a way out: `smtps://user:password@host`.

use percent_encoding::percent_decode_str;
use url::Url;

/// A way out that the configuration names, and this program does not know or cannot go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RouteError(pub(crate) String);

impl RouteError {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// What is shown in place of a secret.
pub(crate) const MASK: &str = "••••••";

/// An address taken apart.
pub(crate) struct Address {
    pub scheme: String,
    pub user: Option<String>,
    pub password: Option<String>,
    pub host: String,
    pub port: Option<u16>,
    pub path: String,
    pub query: Vec<(String, String)>,
}

impl Address {
    /// Takes `text` apart. The error repeats nothing of it: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, RouteError> {
        let url =
            Url::parse(text).map_err(|error| RouteError::new(format!("no address: {error}")))?;
        let decoded = |part: &str| {
            let text = percent_decode_str(part).decode_utf8().map(std::borrow::Cow::into_owned);
            text.map_err(|_| RouteError::new("user and password have to be percent-encoded UTF-8"))
        };
        let user = Some(url.username()).filter(|user| !user.is_empty()).map(decoded).transpose()?;
        let password = url.password().map(decoded).transpose()?;
        let host = url.host_str().unwrap_or_default();
        Ok(Self {
            scheme: url.scheme().to_owned(),
            user,
            password,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port(),
            path: url.path().trim_end_matches('/').to_owned(),
            query: url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect(),
        })
    }

    /// The host, which has to be there.
    pub fn host(&self) -> Result<String, RouteError> {
        let host = Some(self.host.clone()).filter(|host| !host.is_empty());
        host.ok_or_else(|| RouteError::new("the host is missing"))
    }
}

/// A host as it stands in an address.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
