//! `oxcart user …`.

use std::process::ExitCode;

use anyhow::Result;

use super::with_database;
use crate::{
    admin::{self, Admin},
    compose::Base,
    config::Config,
    supervise::lifecycle::say,
};

/// Makes the first administrator.
pub async fn create_admin(config: &Config) -> Result<ExitCode> {
    with_database(config, async |database| {
        pg::migrate::up(&database.url).await?;
        let base = Base::open(config, &database.url)?;
        let made =
            admin::ensure(&base.db, config, &admin::passwords(), &base.ids, &*base.clock).await;
        base.db.close().await;
        let email = &config.admin_email;
        let (line, code) = match made? {
            Admin::AlreadyThere => {
                let line = "There is an administrator already; nothing was changed.".to_owned();
                (line, ExitCode::FAILURE)
            }
            Admin::Configured => (format!("{email} is the administrator."), ExitCode::SUCCESS),
            Admin::Generated(password) => {
                let line = format!(
                    "{email} is the administrator. The password, shown only now:\n{password}"
                );
                (line, ExitCode::SUCCESS)
            }
        };
        say(&line);
        Ok(code)
    })
    .await
}
