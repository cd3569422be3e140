//! Signed requests of a server, as a form to be posted.

use std::fmt;

use crate::check_mac::{Algorithm, CHECK_MAC_VALUE};
use crate::form::to_form_body;
use crate::merchant::Merchant;

/// A signed request: post `body` as `application/x-www-form-urlencoded` to `url`. `Debug` does not
/// show the body, which may hold the merchant's check code.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The address to post to.
    pub url: String,
    /// The body.
    pub body: String,
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Collects the fields of a request, the merchant first.
pub(crate) struct Draft<'a> {
    merchant: &'a Merchant,
    fields: Vec<(&'static str, String)>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(merchant: &'a Merchant) -> Self {
        Self { merchant, fields: vec![("MerchantID", merchant.id().to_owned())] }
    }

    pub(crate) fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// A field that is left out when there is nothing to say.
    pub(crate) fn optional(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// For the requests that platforms may make for their merchants.
    pub(crate) fn platform(self) -> Self {
        let platform_id = self.merchant.platform_id().map(str::to_owned);
        self.optional("PlatformID", platform_id)
    }

    pub(crate) fn sign(self, algorithm: Algorithm, url: String) -> SignedRequest {
        let fields = || self.fields.iter().map(|(name, value)| (*name, value.as_str()));
        let mac = self.merchant.keys().sign(algorithm, fields());
        let body = to_form_body(fields().chain([(CHECK_MAC_VALUE, mac.as_str())]));
        SignedRequest { url, body }
    }
}
