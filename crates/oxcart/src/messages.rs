//! Which ways mails and short messages go.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use kernel::SharedClock;
use ports::{
    mail::{DevMailbox, MailRoute, Mailer},
    sms::{DevSmsBox, SmsRoute, SmsSender},
};

use crate::config::{Config, EcpayMode};

/// The ways out, opened.
pub struct Ways {
    /// Carries mails.
    pub mailer: Arc<dyn Mailer>,
    /// Carries short messages, where they are wanted.
    pub sms: Option<Arc<dyn SmsSender>>,
    /// The folder of mails, where they go into one.
    pub mailbox: Option<DevMailbox>,
    /// The folder of short messages, where they go into one.
    pub sms_box: Option<DevSmsBox>,
    /// How long before their end buyers of unpaid orders are reminded, if they are.
    pub lead: Option<SignedDuration>,
}

impl Ways {
    /// Opens them; connects to nobody yet.
    pub fn open(config: &Config, clock: &SharedClock) -> Result<Self> {
        let (mails, texts) = (config.data.join("mail"), config.data.join("sms"));
        let from = &config.mail_from;
        let folder = config.mail == MailRoute::Folder;
        let mailbox = DevMailbox::new(&mails, from, clock.clone()).context("OXCART_MAIL_FROM")?;
        let mailer = config.mail.open(&mails, from, clock.clone()).context("OXCART_MAIL")?;
        let sms = config.sms.open(&texts, clock.clone()).context("OXCART_SMS")?;
        let sms_box = DevSmsBox::new(texts, clock.clone());
        if let Some(missing) = nobody_reads(config) {
            tracing::warn!("{missing}");
        }
        let minutes = i64::from(config.reminder_minutes);
        Ok(Self {
            mailer,
            sms,
            mailbox: folder.then_some(mailbox),
            sms_box: (config.sms == SmsRoute::Folder).then_some(sms_box),
            lead: (minutes > 0).then(|| SignedDuration::from_mins(minutes)),
        })
    }
}

/// What is wrong with a shop that takes real money and tells nobody.
pub fn nobody_reads(config: &Config) -> Option<String> {
    let real = config.ecpay_mode == EcpayMode::Production;
    (real && !config.mail.leaves_the_house())
        .then(|| "buyers get no mail: set OXCART_MAIL (mails go into a folder)".to_owned())
}
