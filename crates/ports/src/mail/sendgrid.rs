//! Sending mail through `SendGrid`'s Web API v3 (`POST /v3/mail/send`).
//!
//! Its answers: 202, the mail is queued (its own id is in `X-Message-Id`); 4xx with
//! `{"errors": [{"message", "field", "help"}]}`; 429 above the rate; 5xx. It knows no idempotency
//! key: a mail that is sent again because the answer got lost goes out twice, with the same
//! `Message-ID` if `SendGrid` keeps ours (it is not among the headers it reserves, and nothing
//! promises it either) and always with the same `mail_id` among its arguments. What bounces later
//! is told to `SendGrid`'s own webhook and suppression lists, not here.

use std::{fmt, time::Duration};

use data_encoding::BASE64;
use futures::future::BoxFuture;
use lettre::message::Mailbox;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Mail, MailError, Mailer, check_lines, headers, message_id, recipient};
use crate::http;

/// Our account there.
#[derive(Clone, PartialEq, Eq)]
pub struct SendGridAccount {
    /// The server: `https://api.sendgrid.com`, or `https://api.eu.sendgrid.com` for regional
    /// accounts.
    pub url: String,
    /// An API key that may send mail.
    pub key: String,
}

impl fmt::Debug for SendGridAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendGridAccount").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Sends through `SendGrid`.
#[derive(Debug)]
pub struct SendGrid {
    account: SendGridAccount,
    sender: Mailbox,
    client: reqwest::Client,
}

impl SendGrid {
    /// The longest an answer may take.
    const ANSWER_TIME: Duration = Duration::from_secs(20);

    /// Mails from `sender`, which has to be verified there.
    pub fn new(account: SendGridAccount, sender: Mailbox) -> Result<Self, MailError> {
        let client = http::client(Self::ANSWER_TIME)
            .map_err(|error| MailError::Invalid(format!("the HTTP client: {error}")))?;
        Ok(Self { account, sender, client })
    }

    async fn post(&self, mail: &Mail) -> Result<(), MailError> {
        let body = self.body(mail)?;
        let url = format!("{}/v3/mail/send", self.account.url);
        let request = self.client.post(url).bearer_auth(&self.account.key).json(&body);
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        if status == reqwest::StatusCode::ACCEPTED {
            let id = answer.headers().get("x-message-id").and_then(|id| id.to_str().ok());
            tracing::debug!(mail.id = %mail.id, sendgrid.id = id, "SendGrid took a mail");
            return Ok(());
        }
        let text = http::beginning(answer).await;
        let words = format!("SendGrid answered {}: {}", status.as_u16(), reasons(&text));
        // A key that is wrong or a sender that is not verified is nothing the mail can help: it
        // waits until somebody has mended that.
        let later = status.is_server_error() || matches!(status.as_u16(), 401 | 403 | 408 | 429);
        // A success that queues nothing (200 is the sandbox) is a mistake of the configuration.
        let later = later || status.is_success() || status.is_redirection();
        Err(if later { MailError::unavailable(&words) } else { MailError::refused(&words) })
    }

    fn body(&self, mail: &Mail) -> Result<Value, MailError> {
        check_lines(mail)?;
        let to = recipient(mail)?;
        let mut own: Map<String, Value> =
            headers(mail).map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        own.insert("Message-ID".to_owned(), message_id(mail, &self.sender).into());
        let mut body = json!({
            "personalizations": [{"to": [Person::from(&to)]}],
            "from": Person::from(&self.sender),
            "subject": mail.subject,
            "content": [
                {"type": "text/plain", "value": mail.text},
                {"type": "text/html", "value": mail.html},
            ],
            "headers": own,
            "custom_args": {"mail_id": mail.id},
            // Nobody is followed: links stay as they are, and no picture tells when it was opened.
            "tracking_settings": {
                "click_tracking": {"enable": false, "enable_text": false},
                "open_tracking": {"enable": false},
                "subscription_tracking": {"enable": false},
                "ganalytics": {"enable": false},
            },
        });
        if !mail.inline.is_empty() {
            let pictures = mail.inline.iter().map(|picture| {
                json!({
                    "content": BASE64.encode(&picture.bytes),
                    "type": picture.content_type,
                    "filename": picture.cid,
                    "disposition": "inline",
                    "content_id": picture.cid,
                })
            });
            body["attachments"] = pictures.collect();
        }
        Ok(body)
    }
}

impl Mailer for SendGrid {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(self.post(mail))
    }
}

/// An address as `SendGrid` writes it.
#[derive(Serialize)]
struct Person {
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<&Mailbox> for Person {
    fn from(mailbox: &Mailbox) -> Self {
        Self { email: mailbox.email.to_string(), name: mailbox.name.clone() }
    }
}

fn unreachable(error: reqwest::Error) -> MailError {
    MailError::unavailable(&http::words(error))
}

/// What it says is wrong.
fn reasons(text: &str) -> String {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said: Vec<String> = errors
        .iter()
        .map(|error| {
            let message = error["message"].as_str().unwrap_or("no message");
            match error["field"].as_str() {
                Some(field) => format!("{field}: {message}"),
                None => message.to_owned(),
            }
        })
        .collect();
    if said.is_empty() { "no reason given".to_owned() } else { said.join("; ") }
}

#[cfg(test)]
#[path = "sendgrid_tests.rs"]
mod tests;
