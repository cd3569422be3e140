//! The first administrator: from the configuration, else with a password made here and shown once.

use std::time::Duration;

use anyhow::{Context as _, Result};
use identity::{AdminSetup, DisplayName, Email, Password, Passwords};
use kernel::{Clock, Ids};
use pg::Db;

use crate::config::Config;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Admin {
    /// There is one already.
    AlreadyThere,
    /// Made, with the password of the configuration.
    Configured,
    /// Made, with this password, which is nowhere else.
    Generated(String),
}

/// Sees to it that there is an administrator.
pub async fn ensure(
    db: &Db,
    config: &Config,
    passwords: &Passwords,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<Admin> {
    if identity::admin_exists(&mut *db.acquire().await?).await? {
        return Ok(Admin::AlreadyThere);
    }
    let email = Email::new(&config.admin_email).context("OXCART_ADMIN_EMAIL")?;
    let name = DisplayName::new("管理員")?;
    let given = config.admin_password.as_ref().map(|password| password.reveal().to_owned());
    let text = given.clone().unwrap_or_else(|| generate(ids));
    let password = Password::new(text.clone())
        .and_then(|password| password.unlike(email.as_str(), name.as_str()))
        .context("OXCART_ADMIN_PASSWORD")?;
    let hash = passwords.hash(password, ids).await?;
    let mut tx = db.begin().await?;
    let setup = identity::ensure_admin(&mut tx, email, &name, &hash, ids, clock).await?;
    tx.commit().await.context("could not write the administrator")?;
    Ok(match (setup, given) {
        // Another server was quicker: its password counts.
        (AdminSetup::AlreadyThere, _) => Admin::AlreadyThere,
        (AdminSetup::Created | AdminSetup::Promoted, Some(_)) => Admin::Configured,
        (AdminSetup::Created | AdminSetup::Promoted, None) => Admin::Generated(text),
    })
}

/// A few hashes at a time, so that signing in cannot take the machine.
pub fn passwords() -> Passwords {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Passwords::new(cores, Duration::from_secs(5))
}

/// 100 random bits in letters that cannot be mistaken for others.
fn generate(ids: &Ids) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte & 31)]);
    let groups: Vec<String> =
        ids.bytes::<20>().chunks(5).map(|group| group.iter().map(letter).collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use testkit::TestDb;

    use super::*;

    #[test]
    fn passwords_are_long_and_readable() {
        let ids = Ids::from_seed(1);
        let (a, b) = (generate(&ids), generate(&ids));
        assert_eq!(a.len(), 23);
        assert_ne!(a, b);
        assert!(Password::new(a).is_ok());
    }

    #[tokio::test]
    async fn the_first_administrator_is_made_once() {
        let test = TestDb::new().await;
        let (clock, ids) = (test.clock(), test.ids());
        let config = Config::default();
        let make =
            async |config: &Config| ensure(test.db(), config, &passwords(), ids, &*clock).await;
        let short = Config { admin_password: Some("short".into()), ..config.clone() };
        for refused in ["short", "Password123!", &config.admin_email] {
            let refused = Config { admin_password: Some(refused.into()), ..config.clone() };
            let error = format!("{:#}", make(&refused).await.unwrap_err());
            assert!(error.contains("OXCART_ADMIN_PASSWORD"), "{error}");
        }
        assert!(matches!(make(&config).await.unwrap(), Admin::Generated(_)));
        assert_eq!(make(&config).await.unwrap(), Admin::AlreadyThere);
        assert_eq!(make(&short).await.unwrap(), Admin::AlreadyThere);
    }
}
