//! What providers that are reached by HTTP have in common: bounded waits, no detours, and no more of
//! an answer than somebody will read.

use std::time::Duration;

/// The longest a connection may take to be made.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// What is read of an answer at most.
const ANSWER_MAX: usize = 16 * 1024;

/// A client that waits no longer than `answer_time`, and follows nobody elsewhere.
pub fn client(answer_time: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIME)
        .timeout(answer_time)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("Oxcart")
        .build()
}

/// The beginning of an answer, as text; as much as came.
pub async fn beginning(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_MAX {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(ANSWER_MAX);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The error with its causes, without the address it is about, which may carry secrets.
pub fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
