//! From a host's name to addresses.

use std::{io, net::IpAddr};

use futures::future::BoxFuture;

/// Whoever knows the addresses of names. Real ones ask the system; tests have their own.
pub trait Names: Send + Sync {
    /// Every address of a name; an error when there is none, or nobody knows.
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The system's own way: its files, its resolver.
#[derive(Clone, Copy, Debug)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
