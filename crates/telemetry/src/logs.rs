//! Log lines: for people on a terminal, JSON for machines. Always on standard error: standard
//! output belongs to the answers of the command line.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// What is logged unless the operator says otherwise.
pub const DEFAULT_FILTER: &str = "info,sqlx=warn";

/// The shape of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// How to log.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// `EnvFilter` directives, e.g. `info,inventory=debug`.
    pub filter: String,
    /// The shape of a line.
    pub format: LogFormat,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { filter: DEFAULT_FILTER.to_owned(), format: LogFormat::Human }
    }
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error("{filter:?} is no log filter; write e.g. `info,sqlx=warn`")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// There is a subscriber already.
    #[error("logging was set up twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts logging, once a process.
pub fn init(options: &LogOptions) -> Result<(), LogError> {
    let filter = parse(&options.filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    match options.format {
        LogFormat::Human => {
            let colours = std::io::stderr().is_terminal();
            let lines = fmt::layer().compact().with_ansi(colours).with_writer(std::io::stderr);
            registry.with(lines).try_init()?;
        }
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
            registry.with(lines).try_init()?;
        }
    }
    Ok(())
}

fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    let parsed = EnvFilter::builder().parse(filter);
    parsed.map_err(|source| LogError::Filter { filter: filter.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_filter_is_one_and_nonsense_is_not() {
        assert!(parse(DEFAULT_FILTER).is_ok());
        let error = parse("inventory=loud").unwrap_err().to_string();
        assert!(error.contains("inventory=loud"), "{error}");
    }

    #[test]
    fn logging_is_set_up_once() {
        init(&LogOptions { format: LogFormat::Json, ..LogOptions::default() }).unwrap();
        assert!(matches!(init(&LogOptions::default()), Err(LogError::Twice(_))));
    }
}
