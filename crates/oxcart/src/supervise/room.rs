//! A room of its own for work that must not queue behind requests.
//!
//! On the runtime that serves HTTP, whoever is woken by the database gets in line behind hundreds of
//! requests that became readable at the same time. A batch of orders talks to the database some
//! twenty times while it holds the rows that the next batch waits for: there, each of these waits is
//! everybody's. In a thread of its own the operating system wakes it at once.

use std::{io, thread};

use anyhow::{Context as _, Result};
use tokio::{
    runtime::{Builder, EnterGuard, Handle},
    sync::oneshot,
};

/// A thread with a runtime. What is still at work in it when it is dropped is broken off.
#[derive(Debug)]
pub struct Room {
    handle: Handle,
    /// Dropped, it ends the thread.
    _open: oneshot::Sender<()>,
}

impl Room {
    /// Opens a room; the thread gets its name.
    pub fn open(name: &str) -> Result<Self> {
        Self::start(name).with_context(|| format!("could not start the thread {name}"))
    }

    fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (open, closed) = oneshot::channel::<()>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || drop(runtime.block_on(closed)))?;
        Ok(Self { handle, _open: open })
    }

    /// What is spawned, and what sockets are opened lazily, while the guard lives belongs to this
    /// room.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::task::TaskTracker;

    use super::*;

    #[tokio::test]
    async fn what_is_spawned_inside_runs_in_its_thread() {
        let room = Room::open("side").unwrap();
        let task = {
            let _inside = room.enter();
            TaskTracker::new().spawn(async { thread::current().name().map(str::to_owned) })
        };
        assert_eq!(task.await.unwrap().as_deref(), Some("side"));
    }

    #[tokio::test]
    async fn closing_it_breaks_off_what_is_at_work() {
        let room = Room::open("side").unwrap();
        let task = {
            let _inside = room.enter();
            TaskTracker::new().spawn(std::future::pending::<()>())
        };
        drop(room);
        assert!(task.await.unwrap_err().is_cancelled());
    }
}
