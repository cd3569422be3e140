//! Where the storefront's server is at the moment, if anywhere.

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// The address of the server: `host:port`, or nothing while it is away. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Upstream(watch::Receiver<Option<String>>);

impl Upstream {
    /// Told by a supervisor.
    pub const fn watched(address: watch::Receiver<Option<String>>) -> Self {
        Self(address)
    }

    /// Somewhere else, always the same.
    pub fn fixed(authority: &str) -> Self {
        Self(watch::channel(Some(authority.to_owned())).1)
    }

    /// The address, as soon as there is one, but not after `deadline`.
    pub async fn wait(&self, deadline: Instant) -> Option<String> {
        let mut address = self.0.clone();
        let known = timeout_at(deadline, address.wait_for(Option::is_some)).await;
        // An error means that nobody will tell any more: what was said last counts.
        match known {
            Ok(Ok(address)) => address.clone(),
            _ => self.0.borrow().clone(),
        }
    }
}
