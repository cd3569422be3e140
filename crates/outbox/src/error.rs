//! How handling an event or a job fails.

use std::{error::Error, fmt};

/// Why an event could not be handled. Any error turns into it by `?`; the event is handed over
/// again later, until it is dead.
pub struct HandleError(String);

impl HandleError {
    /// A failure in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

// `HandleError` is no `Error` itself: that is what makes this blanket conversion possible.
impl<E: Error> From<E> for HandleError {
    fn from(error: E) -> Self {
        Self(chain(&error))
    }
}

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandleError({:?})", self.0)
    }
}

/// Why a job did not succeed, and whether doing it again can help.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The world may be better later: tried again after a pause.
    #[error("{0}")]
    Retry(String),
    /// It can never succeed: dead at once.
    #[error("{0}")]
    Fail(String),
}

impl JobError {
    /// Try again later.
    pub fn retry(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retry(chain(error.into().as_ref()))
    }

    /// Give up.
    pub fn fail(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Fail(chain(error.into().as_ref()))
    }
}

/// The error and its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// What is kept of an error: enough to understand it, never a whole page.
pub(crate) fn keep(message: &str) -> String {
    const LONGEST: usize = 1000;
    // PostgreSQL's text cannot hold NUL.
    message.chars().filter(|&c| c != '\0').take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_causes() {
        let error = pg::DbError::Corrupt { table: "t", column: "c", value: "v".to_owned() };
        assert_eq!(
            HandleError::from(error).to_string(),
            "t.c holds a value that must not be there: v"
        );
        let parse = "x".parse::<u8>().unwrap_err();
        assert!(matches!(JobError::fail(parse), JobError::Fail(m) if m.contains("digit")));
        assert!(matches!(JobError::retry("no line"), JobError::Retry(m) if m == "no line"));
    }

    #[test]
    fn what_is_kept_is_bounded_and_storable() {
        assert_eq!(keep("a\0b"), "ab");
        assert_eq!(keep(&"貨".repeat(5000)).chars().count(), 1000);
    }
}
