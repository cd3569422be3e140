//! Values of configuration keys: read from text (an environment variable, or the file), and shown
//! again, secrets excepted.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use inventory::Strategy;
use kernel::{Networks, networks::NotANetwork};
use ports::{ObjectRoute, RouteError, mail::MailRoute, sms::SmsRoute};
use serde::{Deserialize, Deserializer, de::Error as _};

/// A type that a key can have.
pub trait Value: Sized {
    /// Reads it; the error says what is expected.
    fn read(text: &str) -> Result<Self, String>;
    /// Shows it to the operator.
    fn show(&self) -> String;
}

/// Reads a key from the file or the environment, which knows only text.
pub fn parse<'de, D: Deserializer<'de>, V: Value>(deserializer: D) -> Result<V, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scalar {
        Bool(bool),
        Integer(i64),
        Text(String),
    }
    let text = match Scalar::deserialize(deserializer)? {
        Scalar::Bool(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Text(text) => text,
    };
    V::read(text.trim()).map_err(D::Error::custom)
}

/// Something nobody may see: not in logs, not in `oxcart config`, not by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••••")
    }
}

impl Value for Secret {
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

/// Where payments go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EcpayMode {
    /// The simulator beside Oxcart.
    #[default]
    Simulator,
    /// ECPay's sandbox.
    Stage,
    /// Real money.
    Production,
}

impl Value for EcpayMode {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "simulator" => Ok(Self::Simulator),
            "stage" => Ok(Self::Stage),
            "production" => Ok(Self::Production),
            _ => Err("expected simulator, stage or production".to_owned()),
        }
    }

    fn show(&self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

impl Value for Strategy {
    fn read(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        Self::parse(text).ok_or_else(|| format!("expected one of {}", known()))
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Value for Networks {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: NotANetwork| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for MailRoute {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: RouteError| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for SmsRoute {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: RouteError| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for ObjectRoute {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: RouteError| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl<V: Value> Value for Option<V> {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { V::read(text).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(V::show).unwrap_or_default()
    }
}

impl Value for bool {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("expected true or false".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

macro_rules! plain_values {
    ($($type:ty: $expected:literal),+ $(,)?) => {$(
        impl Value for $type {
            fn read(text: &str) -> Result<Self, String> {
                <$type>::from_str(text).map_err(|_| concat!("expected ", $expected).to_owned())
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

plain_values! {
    String: "text",
    u16: "a number from 0 to 65535",
    u32: "a number",
    usize: "a number",
    IpAddr: "an IP address",
}
