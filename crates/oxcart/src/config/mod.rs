//! Configuration: environment variables, then one file, then defaults. A key nobody knows is an
//! error, because a misspelt one would silently mean the default.

mod keys;
#[cfg(test)]
mod tests;
pub mod value;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use api::{hooks::signature::WebhookSecret, kit::challenge::BITS_MAX};
use axum::http::{Uri, uri::PathAndQuery};
use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format as _, Toml},
    value::{Dict, Map},
};
use payments::BankAccount;
use telemetry::{LogFormat, LogOptions};

pub use self::{
    keys::{Config, KEYS},
    value::{EcpayMode, Secret},
};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "oxcart.toml";
/// Variables of this project's other programs, tests and scripts.
const OF_OTHERS: &[&str] = &[
    "OXCART_CONFIG",
    "OXCART_TEST_",
    "OXCART_BUILT",
    "OXCART_UPDATE_",
    "OXCART_API_URL",
    "OXCART_PARENT_PIPE",
    #[cfg(feature = "mutants")]
    "OXCART_MUTANT",
];

impl Config {
    /// Reads the configuration of this process. A named file must be there.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        Self::read(std::env::vars(), file)
    }

    fn read(
        variables: impl Iterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self> {
        if let Some(file) = file {
            ensure!(file.is_file(), "there is no configuration file {}", file.display());
        }
        let environment = Environment::take(variables)?;
        let default = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| default.is_file().then_some(default));
        let base = file.map_or_else(Figment::new, |file| Figment::from(Toml::file_exact(file)));
        let config: Self =
            base.merge(environment).extract().context("the configuration is not right")?;
        config.check()?;
        Ok(config)
    }

    /// What no single key can tell.
    fn check(&self) -> Result<()> {
        let real_money = self.ecpay_mode == EcpayMode::Production;
        ensure!(
            !(real_money && self.dev_clock),
            "OXCART_DEV_CLOCK is for development: a shop with real payments refuses it"
        );
        let credentials = [
            ("OXCART_ECPAY_MERCHANT_ID", self.ecpay_merchant_id.is_some()),
            ("OXCART_ECPAY_HASH_KEY", self.ecpay_hash_key.is_some()),
            ("OXCART_ECPAY_HASH_IV", self.ecpay_hash_iv.is_some()),
        ];
        let given = credentials.iter().filter(|(_, given)| *given).count();
        if given != credentials.len() && (real_money || given > 0) {
            let missing: Vec<_> =
                credentials.iter().filter(|(_, given)| !given).map(|(name, _)| *name).collect();
            bail!("ECPay's credentials are incomplete: set {}", missing.join(", "));
        }
        self.bank_account()?;
        self.check_code()?;
        ensure!(
            self.ecpay_calls_per_minute > 0,
            "OXCART_ECPAY_CALLS_PER_MINUTE must be at least 1"
        );
        ensure!(self.ecpay_timeout_seconds > 0, "OXCART_ECPAY_TIMEOUT_SECONDS must be at least 1");
        ensure!(self.intake_queue > 0, "OXCART_INTAKE_QUEUE must be at least 1");
        ensure!(self.reservation_minutes > 0, "OXCART_RESERVATION_MINUTES must be at least 1");
        for (key, days) in [
            ("OXCART_ARCHIVE_DAYS", self.archive_days),
            ("OXCART_WEBHOOK_DISABLE_DAYS", self.webhook_disable_days),
            ("OXCART_WEBHOOK_LOG_DAYS", self.webhook_log_days),
        ] {
            ensure!(days > 0, "{key} must be at least 1");
        }
        for (key, given) in [
            ("OXCART_HTTP_CONNECTIONS", self.http_connections),
            ("OXCART_HTTP_IDLE_SECONDS", self.http_idle_seconds.into()),
            ("OXCART_HTTP_READ_SECONDS", self.http_read_seconds.into()),
            ("OXCART_HTTP_WRITE_SECONDS", self.http_write_seconds.into()),
        ] {
            ensure!(given > 0, "{key} must be at least 1");
        }
        ensure!(
            self.order_challenge <= BITS_MAX,
            "OXCART_ORDER_CHALLENGE must be at most {BITS_MAX}: more would take minutes"
        );
        ensure!(self.db_connections >= 4, "OXCART_DB_CONNECTIONS must be at least 4");
        if let Some(secret) = &self.shipping_webhook_secret {
            WebhookSecret::parse(secret.reveal()).context("OXCART_SHIPPING_WEBHOOK_SECRET")?;
        }
        self.log_options()?;
        self.public_url()?;
        self.simulator_url()?;
        Ok(())
    }

    /// The shop's address, without a slash at the end.
    pub fn public_url(&self) -> Result<String> {
        match &self.public_url {
            Some(url) => base_url("OXCART_PUBLIC_URL", url),
            None => Ok(format!("http://localhost:{}", self.port)),
        }
    }

    /// The account that buyers transfer to: all of it, or none.
    pub fn bank_account(&self) -> Result<Option<BankAccount>> {
        let parts = [
            ("OXCART_BANK_CODE", &self.bank_code),
            ("OXCART_BANK_NAME", &self.bank_name),
            ("OXCART_BANK_ACCOUNT", &self.bank_account),
            ("OXCART_BANK_HOLDER", &self.bank_holder),
        ];
        let [Some(code), Some(name), Some(number), Some(holder)] = parts.map(|(_, part)| part)
        else {
            let missing = parts.iter().filter(|(_, part)| part.is_none()).map(|(name, _)| *name);
            let missing: Vec<_> = missing.collect();
            ensure!(
                missing.len() == parts.len(),
                "the bank account is incomplete: set {}",
                missing.join(", ")
            );
            return Ok(None);
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        ensure!(code.len() == 3 && digits(code), "OXCART_BANK_CODE must be three digits");
        let plain = number.replace('-', "");
        ensure!(
            (8..=16).contains(&plain.len()) && digits(&plain),
            "OXCART_BANK_ACCOUNT must be 8 to 16 digits"
        );
        Ok(Some(BankAccount {
            bank_code: code.clone(),
            bank_name: name.clone(),
            number: number.clone(),
            holder: holder.clone(),
        }))
    }

    /// The merchant's check code at ECPay. The simulator takes any, so there one is always known,
    /// and money goes back to cards by itself.
    pub fn check_code(&self) -> Result<Option<u64>> {
        let code = self.ecpay_check_code.as_ref().map(|code| code.reveal().parse());
        let given = code.transpose().context("OXCART_ECPAY_CHECK_CODE: expected a number")?;
        let assumed = (self.ecpay_mode == EcpayMode::Simulator).then_some(0);
        Ok(given.or(assumed))
    }

    /// The port of the ECPay simulator.
    pub fn simulator_port(&self) -> Result<u16> {
        let next = self.port.checked_add(1);
        self.simulator_port.or(next).context("set OXCART_SIMULATOR_PORT: there is no PORT + 1")
    }

    /// The simulator's address as browsers see it.
    pub fn simulator_url(&self) -> Result<String> {
        if let Some(url) = &self.simulator_url {
            return base_url("OXCART_SIMULATOR_URL", url);
        }
        let shop: Uri = self.public_url()?.parse()?;
        let host = shop.host().unwrap_or("localhost");
        Ok(format!("http://{host}:{}", self.simulator_port()?))
    }

    /// How to log.
    pub fn log_options(&self) -> Result<LogOptions> {
        let format = match self.log_format.as_str() {
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            _ => bail!("OXCART_LOG_FORMAT: expected human or json"),
        };
        Ok(LogOptions { filter: self.log.clone(), format })
    }
}

/// Checks an address made of scheme, host and port.
pub fn base_url(key: &str, text: &str) -> Result<String> {
    let url = text.trim_end_matches('/');
    let parsed: Option<Uri> = url.parse().ok();
    let sound = parsed.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.path_and_query().is_none_or(|path| *path == PathAndQuery::from_static("/"))
    });
    ensure!(sound, "{key}: expected an address like https://shop.example, not {text:?}");
    Ok(url.to_owned())
}

/// The environment's part of the configuration, as text.
struct Environment(BTreeMap<&'static str, String>);

impl Environment {
    /// Takes what is ours; an empty variable counts as not set.
    fn take(variables: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let mut ours = BTreeMap::new();
        for (variable, text) in variables {
            match KEYS.iter().find(|key| key.variable == variable) {
                Some(key) if !text.trim().is_empty() => {
                    ours.insert(key.name, text);
                }
                None if is_unknown(&variable) => bail!(
                    "{variable} is no configuration key of Oxcart.{} `oxcart config` lists them all.",
                    suggestion(&variable)
                ),
                Some(_) | None => {}
            }
        }
        Ok(Self(ours))
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variables").interpolater(|_, path| {
            let key = KEYS.iter().find(|key| path.first().is_some_and(|name| *name == key.name));
            key.map_or_else(|| path.join("."), |key| key.variable.to_owned())
        })
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let dict: Dict =
            self.0.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into())).collect();
        Ok(Map::from([(Profile::default(), dict)]))
    }
}

fn is_unknown(variable: &str) -> bool {
    variable.starts_with("OXCART_") && !OF_OTHERS.iter().any(|prefix| variable.starts_with(prefix))
}

/// The key that was probably meant: the one with the most letter pairs in common.
fn suggestion(variable: &str) -> String {
    let pairs = |text: &str| -> Vec<[u8; 2]> {
        text.trim_start_matches("OXCART_").as_bytes().windows(2).map(|w| [w[0], w[1]]).collect()
    };
    let wanted = pairs(variable);
    // Of a hundred: how much of both names is the same.
    let alike = |known: &str| {
        let known = pairs(known);
        let common = known.iter().filter(|pair| wanted.contains(pair)).count();
        200 * common / (known.len() + wanted.len()).max(1)
    };
    let best = KEYS.iter().map(|key| key.variable).max_by_key(|known| alike(known));
    match best {
        Some(known) if alike(known) >= 50 => format!(" Did you mean {known}?"),
        _ => String::new(),
    }
}
