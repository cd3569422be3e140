//! The PostgreSQL of a test run: one private server under `target/test-postgres`, fast because it
//! may lose everything, shared by all test runs of this checkout that are going on at once.
//!
//! Each run holds a *lease*, a file named after the process id of its test runner, and has a small
//! watcher process. The watcher waits until the runner is gone and then, when no other run has a
//! lease, stops the server. So nothing is left running, whatever way a run ends.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use pg::private::{Durability, Lock, PrivateOptions, PrivateServer};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::database::{TEMPLATE_PREFIX, TEST_PREFIX};

/// Names the server: a URL of its maintenance database, as the owner.
pub const URL_VARIABLE: &str = "OXCART_TEST_DATABASE_URL";
/// Names the database to clone.
pub const TEMPLATE_VARIABLE: &str = "OXCART_TEST_TEMPLATE";

const LOCK_WAIT: Duration = Duration::from_mins(3);

/// Where the server's files and the leases lie.
pub fn directory() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    target.join("test-postgres")
}

/// Sees to it that the server runs and the template is there, for as long as the process `runner`
/// lives. Returns the variables that tell [`TestDb`](crate::TestDb) about it.
pub async fn prepare(runner: i32) -> Result<[(&'static str, String); 2]> {
    let lock = take_lock().await?;
    std::fs::write(lease(runner), "").context("write the lease")?;
    let server = start().await?;
    let template = format!("{TEMPLATE_PREFIX}{}", pg::migrate::fingerprint());
    let mut conn = PgConnection::connect(&server.url("postgres")).await?;
    drop_leftovers(&mut conn, &template, runner).await?;
    ensure_template(&mut conn, &server, &template).await?;
    conn.close().await?;
    drop(lock);
    Ok([(URL_VARIABLE, server.url("postgres")), (TEMPLATE_VARIABLE, template)])
}

/// Waits until `runner` is gone; the last one stops the server.
pub async fn stop_after(runner: i32) -> Result<()> {
    while is_alive(runner) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let _lock = take_lock().await?;
    std::fs::remove_file(lease(runner)).ok();
    if other_runs(runner).is_empty() {
        start().await?.stop_within(Duration::from_secs(10)).await?;
    }
    Ok(())
}

/// Starts the server or adopts it.
async fn start() -> Result<PrivateServer> {
    let options = PrivateOptions {
        durability: Durability::Off,
        max_connections: 200,
        lock_wait: LOCK_WAIT,
        ..PrivateOptions::new(directory())
    };
    Ok(PrivateServer::start(options).await?)
}

/// One process at a time decides whether the server has to run.
async fn take_lock() -> Result<Lock> {
    let leases = directory().join("leases");
    std::fs::create_dir_all(&leases).context("make the directory of leases")?;
    let path = directory().join("leases.lock");
    Ok(tokio::task::spawn_blocking(move || Lock::take(&path, LOCK_WAIT)).await??)
}

fn lease(runner: i32) -> PathBuf {
    directory().join("leases").join(runner.to_string())
}

/// Runs other than `runner`'s that are going on; leases of dead ones are removed.
fn other_runs(runner: i32) -> Vec<i32> {
    let entries = std::fs::read_dir(directory().join("leases")).into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let (alive, dead): (Vec<i32>, Vec<i32>) =
        pids.filter(|pid| *pid != runner).partition(|pid| is_alive(*pid));
    for pid in dead {
        std::fs::remove_file(lease(pid)).ok();
    }
    alive
}

/// Drops databases of tests that were killed, and templates nobody can want any more.
async fn drop_leftovers(conn: &mut PgConnection, template: &str, runner: i32) -> Result<()> {
    let alone = other_runs(runner).is_empty();
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE 'oxcart\\_%'")
            .fetch_all(&mut *conn)
            .await?;
    for name in names {
        let maker = name.strip_prefix(TEST_PREFIX).and_then(|rest| rest.split('_').next());
        let stale = match maker {
            Some(pid) => pid.parse().is_ok_and(|pid| !is_alive(pid)),
            None => alone && name.starts_with(TEMPLATE_PREFIX) && name != template,
        };
        if stale {
            drop_database(conn, &name).await?;
        }
    }
    Ok(())
}

pub(crate) async fn drop_database(conn: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::query(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(())
}

/// Makes the template unless it is there. It gets its name when it is complete.
async fn ensure_template(
    conn: &mut PgConnection,
    server: &PrivateServer,
    template: &str,
) -> Result<()> {
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(template)
            .fetch_one(&mut *conn)
            .await?;
    if there {
        return Ok(());
    }
    let unfinished = format!("{template}_unfinished");
    drop_database(conn, &unfinished).await?;
    server.ensure_database(&unfinished).await?;
    pg::migrate::up(&server.url(&unfinished)).await?;
    for sql in [
        // Nobody may change it, and a clone needs it to be alone.
        format!("ALTER DATABASE {unfinished} WITH ALLOW_CONNECTIONS false"),
        format!("ALTER DATABASE {unfinished} RENAME TO {template}"),
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The process that runs the tests: the nearest ancestor called nextest, else our parent.
pub fn runner() -> i32 {
    let parent = std::os::unix::process::parent_id().cast_signed();
    let mut pid = parent;
    while pid > 1 {
        let Some((name, above)) = name_and_parent(pid) else { break };
        if name.contains("nextest") {
            return pid;
        }
        pid = above;
    }
    parent
}

/// Whether the process is there and not a zombie.
fn is_alive(pid: i32) -> bool {
    if Path::new("/proc/self/stat").exists() {
        return stat(pid).is_some_and(|(_, state, _)| state != 'Z');
    }
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok()
}

fn name_and_parent(pid: i32) -> Option<(String, i32)> {
    if let Some((name, _, parent)) = stat(pid) {
        return Some((name, parent));
    }
    let args = ["-o", "ppid=,comm=", "-p", &pid.to_string()];
    let output = std::process::Command::new("ps").args(args).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (parent, name) = line.split_once(' ')?;
    Some((name.to_owned(), parent.parse().ok()?))
}

/// Name, state and parent out of Linux's `/proc/<pid>/stat`: `1 (name) S 0 …`.
fn stat(pid: i32) -> Option<(String, char, i32)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = text.rsplit_once(") ")?;
    let name = head.split_once('(')?.1.to_owned();
    let mut fields = tail.split(' ');
    let state = fields.next()?.chars().next()?;
    Some((name, state, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_of_these_tests_is_found() {
        let (name, _) = name_and_parent(runner()).unwrap();
        assert!(name.contains("nextest"), "run with `cargo nextest run`; found {name}");
        assert!(is_alive(runner()));
        assert!(!is_alive(i32::MAX));
    }
}
