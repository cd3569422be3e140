//! Coming to a running server: adopted, or started.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    sync::atomic::{AtomicBool, AtomicU32},
    time::Duration,
};

use nix::sys::signal::Signal;
use sqlx::{Connection as _, PgConnection};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use super::{
    Durability, Origin, PrivateError, PrivateOptions, PrivateServer,
    account::Account,
    binaries::Binaries,
    error::IoContext as _,
    initdb::ensure_cluster,
    layout::{Layout, Lock, make_home},
    process::{Running, pid_file_names_somebody, processes, send},
};
use crate::DbError;

/// The log of earlier starts is kept up to this size.
const LOG_BYTES_MAX: u64 = 8 << 20;
/// How long orphans of a killed server may take to notice, before they are told.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(2);

impl PrivateServer {
    /// Takes charge of the directory and sees to it that a server runs there: makes the cluster
    /// when there is none, adopts a server left over from before, else starts one.
    pub async fn start(options: PrivateOptions) -> Result<Self, PrivateError> {
        let home = make_home(&options.dir)?;
        let (path, patience) = (home.join("postgres.lock"), options.lock_wait);
        let lock = tokio::task::spawn_blocking(move || Lock::take(&path, patience))
            .await
            .unwrap_or_else(|_| Err(PrivateError::Locked { dir: home.clone() }))?;
        let account = Account::choose(&home.join("postgres"))?;
        let layout = Layout::resolve(&home, &account)?;
        let binaries = Binaries::find(&layout.cluster)?;
        let created = ensure_cluster(&layout, &account, &binaries, options.durability).await?;
        let mut server = Self {
            options,
            account,
            binaries,
            layout,
            origin: Origin::Created,
            running: Mutex::new(None),
            wanted: AtomicBool::new(true),
            restarts: AtomicU32::new(0),
            _lock: lock,
        };
        let mut running = None;
        let origin = server.bring_up(&mut running).await?;
        server.running = Mutex::new(running);
        server.origin = if created { Origin::Created } else { origin };
        Ok(server)
    }

    /// Fills `slot` with a server that answers. The slot is filled as soon as there is a process,
    /// so that it can be stopped even when this future is dropped half-way.
    pub(super) async fn bring_up(
        &self,
        slot: &mut Option<Running>,
    ) -> Result<Origin, PrivateError> {
        *slot = Running::find(&self.layout.cluster, &self.layout.name);
        if let Some(running) = slot {
            match self.wait_ready(running).await {
                Ok(durability) if durability == self.options.durability => {
                    return Ok(Origin::Adopted);
                }
                Ok(_) => self.end(running, super::stop::PATIENCE).await?,
                // It was just stopping.
                Err(PrivateError::Start { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        *slot = None;
        self.clear_leftovers().await?;
        self.layout.make_socket_dir(&self.account)?;
        self.wait_ready(slot.insert(self.spawn()?)).await?;
        Ok(Origin::Started)
    }

    fn spawn(&self) -> Result<Running, PrivateError> {
        let postgres = self.binaries.program("postgres");
        let log = self.open_log()?;
        let mut command = self.account.command(&postgres, &self.layout.cluster);
        command.arg("-D").arg(&self.layout.cluster);
        for setting in self.settings() {
            command.arg("-c").arg(setting);
        }
        command.stdout(log.try_clone().io("open", &self.layout.log)?).stderr(log);
        let child = command.spawn().io("run", &postgres)?;
        Ok(Running::child(child, &self.layout.name))
    }

    /// What must hold, whatever the configuration file says.
    fn settings(&self) -> Vec<String> {
        let on = if self.options.durability == Durability::Full { "on" } else { "off" };
        vec![
            // First, so that it is found even in a truncated list of processes.
            format!("cluster_name={}", self.layout.name),
            "listen_addresses=".to_owned(),
            "port=5432".to_owned(),
            format!("unix_socket_directories={}", self.layout.socket_dir.display()),
            "unix_socket_permissions=0700".to_owned(),
            format!("max_connections={}", self.options.max_connections),
            format!("fsync={on}"),
            format!("synchronous_commit={on}"),
            format!("full_page_writes={on}"),
            "logging_collector=off".to_owned(),
            "log_destination=stderr".to_owned(),
        ]
    }

    /// The log of this start, after those of earlier ones as long as they are small.
    fn open_log(&self) -> Result<File, PrivateError> {
        let path = &self.layout.log;
        if std::fs::metadata(path).is_ok_and(|meta| meta.len() > LOG_BYTES_MAX) {
            let old = path.with_extension("log.1");
            std::fs::rename(path, &old).io("move the old log to", old)?;
        }
        File::options().create(true).append(true).open(path).io("open", path)
    }

    /// Waits until the server answers, and returns how durable it is.
    async fn wait_ready(&self, running: &mut Running) -> Result<Durability, PrivateError> {
        let deadline = Instant::now() + self.options.start_timeout;
        let mut pause = Duration::from_millis(10);
        loop {
            if let Ok(Ok(durability)) = timeout(Duration::from_secs(5), self.probe()).await {
                return Ok(durability);
            }
            if !running.is_alive() {
                return Err(PrivateError::Start {
                    log: self.layout.log.clone(),
                    said: self.log_tail(),
                });
            }
            if Instant::now() > deadline {
                return Err(PrivateError::Silent {
                    pid: running.pid(),
                    log: self.layout.log.clone(),
                });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_millis(200));
        }
    }

    async fn probe(&self) -> Result<Durability, DbError> {
        let mut conn = PgConnection::connect(&self.url("postgres")).await?;
        let durable: bool = sqlx::query_scalar(
            "SELECT bool_and(setting = 'on') FROM pg_settings
             WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')",
        )
        .fetch_one(&mut conn)
        .await?;
        conn.close().await?;
        Ok(if durable { Durability::Full } else { Durability::Off })
    }

    /// After a `kill -9` of the main process its children may still be at work, and a new server
    /// must not start beside them. A pid file naming a stranger would keep it from starting.
    async fn clear_leftovers(&self) -> Result<(), PrivateError> {
        let started = Instant::now();
        let mut told = false;
        loop {
            let orphans = processes(&self.layout.name);
            if orphans.is_empty() {
                break;
            }
            if started.elapsed() > ORPHAN_PATIENCE {
                let signal = if told { Signal::SIGKILL } else { Signal::SIGQUIT };
                told = true;
                for pid in &orphans {
                    send(*pid, signal);
                }
            }
            if started.elapsed() > ORPHAN_PATIENCE * 5 {
                return Err(PrivateError::Unstoppable { pid: orphans[0] });
            }
            sleep(Duration::from_millis(if told { 500 } else { 20 })).await;
        }
        if pid_file_names_somebody(&self.layout.cluster) {
            let file = self.layout.cluster.join("postmaster.pid");
            tracing::warn!(file = %file.display(), "removing a pid file that names a stranger");
            std::fs::remove_file(&file).io("remove", &file)?;
        }
        Ok(())
    }

    /// The end of the log, for an error message.
    fn log_tail(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.layout.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(2000)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}
