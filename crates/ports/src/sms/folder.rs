//! A folder of short messages instead of sending them.

use std::{io::ErrorKind, path::PathBuf};

use futures::future::BoxFuture;
use jiff::Timestamp;
use kernel::SharedClock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Sms, SmsError, SmsSender, mobile};
use crate::mail::folder::{newest, put_aside};

/// A folder of `<id>.json` files. One that is sent again takes the place of its first copy.
#[derive(Clone, Debug)]
pub struct DevSmsBox {
    folder: PathBuf,
    clock: SharedClock,
}

/// A short message that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSms {
    /// Its id.
    pub id: Uuid,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// To which telephone.
    pub to: String,
    /// What it says.
    pub text: String,
}

impl DevSmsBox {
    /// Messages go into `folder`, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>, clock: SharedClock) -> Self {
        Self { folder: folder.into(), clock }
    }

    async fn put(&self, sms: &Sms) -> Result<(), SmsError> {
        let to = mobile(&sms.to)
            .ok_or_else(|| SmsError::Invalid("it is no mobile telephone of Taiwan".to_owned()))?;
        let stored =
            StoredSms { id: sms.id, sent_at: self.clock.now(), to, text: sms.text.clone() };
        let bytes = serde_json::to_vec_pretty(&stored)
            .map_err(|error| SmsError::Invalid(error.to_string()))?;
        put_aside(&self.folder, &format!("{}.json", sms.id), &bytes)
            .await
            .map_err(|error| SmsError::unavailable(&error.to_string()))
    }

    /// Up to `limit` messages, the newest first.
    pub async fn list(&self, limit: usize) -> std::io::Result<Vec<StoredSms>> {
        let mut found = Vec::new();
        for id in newest(&self.folder, "json", limit).await? {
            match tokio::fs::read(self.folder.join(format!("{id}.json"))).await {
                Ok(bytes) => found.extend(serde_json::from_slice::<StoredSms>(&bytes).ok()),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

impl SmsSender for DevSmsBox {
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<(), SmsError>> {
        Box::pin(self.put(sms))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::{Clock as _, Ids, ManualClock, SystemClock};

    use super::*;

    #[tokio::test]
    async fn a_message_is_kept_once_and_one_to_nobody_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let sms_box = DevSmsBox::new(folder.path().join("sms"), clock.clone());
        assert_eq!(sms_box.list(10).await.unwrap(), []);
        let id = Ids::from_seed(1).uuid(&SystemClock);
        let sms = Sms { id, to: "0912-345-678".to_owned(), text: "您好".to_owned() };
        sms_box.send(&sms).await.unwrap();
        sms_box.send(&sms).await.unwrap();
        let to = "0912345678".to_owned();
        let stored = StoredSms { id, sent_at: clock.now(), to, text: "您好".to_owned() };
        assert_eq!(sms_box.list(10).await.unwrap(), [stored]);

        let nobody = Sms { to: "02-2345-6789".to_owned(), ..sms };
        assert!(matches!(sms_box.send(&nobody).await, Err(SmsError::Invalid(_))));
        assert_eq!(sms_box.list(10).await.unwrap().len(), 1);
    }
}
