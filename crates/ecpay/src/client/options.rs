//! How patient and how quick a client is.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use super::ClientError;

/// How a client behaves. ECPay publishes no numbers: the default is careful.
///
/// ```
/// use std::time::Duration;
///
/// let options = ecpay::ClientOptions { total: Duration::from_secs(5), ..Default::default() };
/// assert_eq!(options.calls_per_minute.get(), 60);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// How long making a connection may take. Default: 5 seconds.
    pub connect: Duration,
    /// How long a whole try may take, with connecting and reading the answer. Default: 20 seconds.
    pub total: Duration,
    /// How many calls are made a minute, evenly. Default: 60. ECPay shuts the door for half an hour
    /// to whoever asks too often.
    pub calls_per_minute: NonZeroU32,
    /// How many calls may be made at once after a quiet time. Default: 5.
    pub burst: NonZeroU32,
    /// How long a call waits for its turn before it is [throttled](super::CallError::Throttled).
    /// Default: 2 seconds. Keep it well under the three minutes for which a query is valid.
    pub wait: Duration,
    /// How often a query about an order, a code or a card is tried in all. Default: 3. Actions and
    /// files are tried once.
    pub tries: NonZeroU32,
    /// The pause before the second try, doubled before each further one; up to as much again is
    /// added at random. Default: half a second.
    pub pause: Duration,
    /// How long no call is made after ECPay answered 403. Default: 30 minutes.
    pub closed: Duration,
    /// How long after one reconciliation file the next of its kind is asked for. Default: 65
    /// seconds; ECPay gives one a minute, and each refusal begins the minute anew.
    pub file_interval: Duration,
    /// The most bytes of a reconciliation file. Default: [`crate::MAX_FILE_BYTES`].
    pub file_bytes: NonZeroUsize,
}

/// The most bytes of a file unless told otherwise.
const FILE_BYTES: NonZeroUsize = NonZeroUsize::new(crate::MAX_FILE_BYTES).unwrap();

impl Default for ClientOptions {
    fn default() -> Self {
        const CALLS: NonZeroU32 = NonZeroU32::new(60).unwrap();
        const BURST: NonZeroU32 = NonZeroU32::new(5).unwrap();
        const TRIES: NonZeroU32 = NonZeroU32::new(3).unwrap();
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(20),
            calls_per_minute: CALLS,
            burst: BURST,
            wait: Duration::from_secs(2),
            tries: TRIES,
            pause: Duration::from_millis(500),
            closed: Duration::from_mins(30),
            file_interval: Duration::from_secs(65),
            file_bytes: FILE_BYTES,
        }
    }
}

impl ClientOptions {
    /// Refuses what would keep every call from being made.
    pub(super) fn check(&self) -> Result<(), ClientError> {
        for (name, duration) in [("connect", self.connect), ("total", self.total)] {
            if duration.is_zero() {
                return Err(ClientError::ZeroOption(name));
            }
        }
        Ok(())
    }
}
