//! Telling our server's processes from others, and ending them.

use std::{path::Path, process::Child};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// The server's main process: a child of ours, or one adopted.
#[derive(Debug)]
pub(super) struct Running {
    pid: i32,
    child: Option<Child>,
    name: String,
}

impl Running {
    pub fn child(child: Child, name: &str) -> Self {
        // The kernel hands out positive ids that fit.
        let pid = i32::try_from(child.id()).unwrap_or(i32::MAX);
        Self { pid, child: Some(child), name: name.to_owned() }
    }

    /// The server that the cluster's pid file speaks of, when it is alive and really this one:
    /// after a reboot, or in a new container, the number may belong to anybody.
    pub fn find(cluster: &Path, name: &str) -> Option<Self> {
        let pid = pid_in_file(cluster)?;
        belongs(&command_line(pid)?, name).then(|| Self { pid, child: None, name: name.to_owned() })
    }

    pub const fn pid(&self) -> i32 {
        self.pid
    }

    pub fn is_alive(&mut self) -> bool {
        match &mut self.child {
            // An error means that somebody else has waited for it.
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => command_line(self.pid).is_some_and(|line| belongs(&line, &self.name)),
        }
    }

    pub fn signal(&self, signal: Signal) {
        send(self.pid, signal);
    }
}

/// Every process of the server `name`: after its main process died, the orphans.
pub(super) fn processes(name: &str) -> Vec<i32> {
    let all = all_pids().into_iter();
    all.filter(|pid| command_line(*pid).is_some_and(|line| belongs(&line, name))).collect()
}

/// Whether the pid file names a living process, whoever that is.
pub(super) fn pid_file_names_somebody(cluster: &Path) -> bool {
    pid_in_file(cluster)
        .is_some_and(|pid| !matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH)))
}

pub(super) fn send(pid: i32, signal: Signal) {
    match kill(Pid::from_raw(pid), signal) {
        // Gone is what a signal is for.
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::warn!(pid, %signal, %error, "could not signal PostgreSQL"),
    }
}

fn pid_in_file(cluster: &Path) -> Option<i32> {
    let file = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    file.lines().next()?.trim().parse().ok().filter(|pid| *pid > 1)
}

/// The main process was started with `-c cluster_name=<name>`; the others call themselves
/// `postgres: <name>: …`. Unlike `/proc/<pid>/cwd`, command lines can be read by a root without
/// `CAP_SYS_PTRACE`, as in containers. A zombie's is empty.
fn belongs(command_line: &str, name: &str) -> bool {
    let setting = format!("cluster_name={name}");
    let mut words = command_line.split_ascii_whitespace();
    command_line.starts_with(&format!("postgres: {name}: "))
        || (words.next().is_some_and(|program| program.ends_with("postgres"))
            && words.any(|word| word == setting))
}

#[cfg(target_os = "linux")]
fn command_line(pid: i32) -> Option<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
}

#[cfg(target_os = "linux")]
fn all_pids() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(not(target_os = "linux"))]
fn command_line(pid: i32) -> Option<String> {
    let pid = pid.to_string();
    let ps = std::process::Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid]).output();
    ps.ok().map(|output| String::from_utf8_lossy(&output.stdout).trim_start().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn all_pids() -> Vec<i32> {
    let Ok(output) = std::process::Command::new("ps").args(["-ax", "-o", "pid="]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout).lines().filter_map(|l| l.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_known_by_their_cluster() {
        let ours = |line| belongs(line, "oxcart-12ab");
        assert!(ours("/usr/lib/postgresql/15/bin/postgres -D /x -c cluster_name=oxcart-12ab "));
        assert!(ours("postgres: oxcart-12ab: checkpointer "));
        assert!(!ours("/usr/lib/postgresql/15/bin/postgres -D /x -c cluster_name=oxcart-12abc"));
        assert!(!ours("postgres: oxcart-12abc: checkpointer "));
        assert!(!ours("grep cluster_name=oxcart-12ab"));
        assert!(!ours(""));
    }
}
