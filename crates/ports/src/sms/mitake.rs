//! Mitake 三竹簡訊: `POST …/SmSend?CharsetURL=UTF-8` with a form.
//!
//! What this part relies on: the fields `username`, `password`, `dstaddr`, `smbody` (a line break is
//! ASCII 6) and `clientid`; the answer is lines of `name=value`, in which `statuscode` is 0 (for
//! later), 1, 2 (on its way) or 4 (arrived) when the message was taken, with its `msgid`, and a
//! letter when it was not. A `clientid` that was sent within the last twelve hours is not sent again:
//! the first answer comes back with `Duplicate=Y`. So a message whose answer got lost goes out once,
//! if its job is tried again within that time.
//!
//! What is not known here: in which encoding `Error` is (it is kept out of what is told; the letter
//! says enough), whether the servers of all contracts know `clientid`, and what becomes of a message
//! after it was taken: delivery reports are not asked for. Accounts may be bound to IP addresses.

use std::{fmt, time::Duration};

use futures::future::BoxFuture;

use super::{Sms, SmsError, SmsSender, mobile};
use crate::http;

/// Our account there.
#[derive(Clone, PartialEq, Eq)]
pub struct MitakeAccount {
    /// Where messages are posted, e.g. `https://smsapi.mitake.com.tw/api/mtk`.
    pub url: String,
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for MitakeAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, user, .. } = self;
        f.debug_struct("MitakeAccount")
            .field("url", url)
            .field("user", user)
            .finish_non_exhaustive()
    }
}

/// Sends through Mitake.
#[derive(Debug)]
pub struct Mitake {
    account: MitakeAccount,
    client: reqwest::Client,
}

impl Mitake {
    /// The longest an answer may take.
    const ANSWER_TIME: Duration = Duration::from_secs(20);

    /// Messages of this account.
    pub fn new(account: MitakeAccount) -> Result<Self, SmsError> {
        let client = http::client(Self::ANSWER_TIME)
            .map_err(|error| SmsError::Invalid(format!("the HTTP client: {error}")))?;
        Ok(Self { account, client })
    }

    async fn post(&self, sms: &Sms) -> Result<(), SmsError> {
        let to = mobile(&sms.to)
            .ok_or_else(|| SmsError::Invalid("it is no mobile telephone of Taiwan".to_owned()))?;
        if sms.text.trim().is_empty() {
            return Err(SmsError::Invalid("there is nothing to say".to_owned()));
        }
        let body = sms.text.replace("\r\n", "\n").replace('\n', "\u{6}");
        let id = sms.id.to_string();
        let form = [
            ("username", self.account.user.as_str()),
            ("password", self.account.password.as_str()),
            ("dstaddr", to.as_str()),
            ("smbody", body.as_str()),
            ("clientid", id.as_str()),
        ];
        let url = format!("{}/SmSend?CharsetURL=UTF-8", self.account.url);
        let answer = self.client.post(url).form(&form).send().await;
        let answer = answer.map_err(|error| SmsError::unavailable(&http::words(error)))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(SmsError::Unavailable(format!("Mitake answered {}", status.as_u16())));
        }
        let text = http::beginning(answer).await;
        let taken = judge(&text)?;
        tracing::debug!(sms.id = %sms.id, mitake.id = taken.id, again = taken.again, "Mitake took a message");
        Ok(())
    }
}

impl SmsSender for Mitake {
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<(), SmsError>> {
        Box::pin(self.post(sms))
    }
}

/// A message that was taken.
#[derive(Debug, PartialEq, Eq)]
struct Taken<'a> {
    /// Mitake's number for it.
    id: Option<&'a str>,
    /// Whether it had been taken before.
    again: bool,
}

/// Reads an answer.
fn judge(answer: &str) -> Result<Taken<'_>, SmsError> {
    let field = |name: &str| {
        let found =
            answer.lines().find_map(|line| line.trim().split_once('=').filter(|it| it.0 == name));
        found.map(|(_, value)| value.trim())
    };
    let Some(code) = field("statuscode") else {
        return Err(SmsError::Unavailable("Mitake's answer has no status".to_owned()));
    };
    let means = |what: &str| format!("Mitake: {what} (status {code})");
    match code {
        "0" | "1" | "2" | "4" => {
            let again = field("Duplicate").is_some_and(|it| it.eq_ignore_ascii_case("y"));
            Ok(Taken { id: field("msgid"), again })
        }
        "5" | "u" => Err(SmsError::refused(&means("the text is not acceptable"))),
        "6" | "v" => Err(SmsError::refused(&means("the telephone number is not acceptable"))),
        "7" => Err(SmsError::refused(&means("short messages are off for this telephone"))),
        "y" => Err(SmsError::refused(&means("a field is wrong"))),
        // Everything else is about the account or the moment: somebody can mend it, and until then
        // the message waits.
        "c" | "d" | "e" => Err(SmsError::unavailable(&means("user name or password is wrong"))),
        "f" | "h" => Err(SmsError::unavailable(&means("the account has expired or is blocked"))),
        "k" => Err(SmsError::unavailable(&means("our IP address is not allowed"))),
        "m" | "n" => Err(SmsError::unavailable(&means("the password has to be changed"))),
        "p" => Err(SmsError::unavailable(&means("the account may not use this interface"))),
        "s" => Err(SmsError::unavailable(&means("the account cannot be charged"))),
        _ => Err(SmsError::unavailable(&means("not now"))),
    }
}

#[cfg(test)]
#[path = "mitake_tests.rs"]
mod tests;
