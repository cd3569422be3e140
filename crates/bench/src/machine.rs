//! What it is measured on.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use kernel::{Clock as _, SystemClock};
use serde_json::{Value, json};

/// Hardware, system, and the version of what is measured.
pub fn describe(data: &Path) -> Result<Value> {
    let cpu = value_in("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory = value_in("/proc/meminfo", "MemTotal").unwrap_or_default();
    let [fsync_median, fsync_p99] = fsync(data)?;
    let commit = said("git", &["rev-parse", "HEAD"]);
    let changed = said("git", &["status", "--porcelain"]).is_some_and(|lines| !lines.is_empty());
    Ok(json!({
        "cpu": cpu,
        "cores": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        "memory": memory,
        "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        "fsync_ms": {"median": fsync_median, "p99": fsync_p99},
        "commit": commit,
        "changed_since_commit": changed,
        "date": SystemClock.now().to_string(),
    }))
}

/// The first value of a key in a file of `key : value` lines.
fn value_in(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// How long the disk takes to keep 8 KiB: median and 99th percentile of 200 times.
fn fsync(folder: &Path) -> Result<[f64; 2]> {
    let path = folder.join("fsync.probe");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    let page = [7_u8; 8192];
    file.write_all_at(&vec![0; 200 * page.len()], 0)?;
    file.sync_all()?;
    let mut times = Vec::new();
    for turn in 0..200 {
        let began = Instant::now();
        file.write_all_at(&page, turn * page.len() as u64)?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    std::fs::remove_file(&path).ok();
    times.sort_unstable();
    let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    Ok([ms(times[100]), ms(times[198])])
}

/// Resident memory of a process, in MiB.
pub fn resident_mib(pid: u32) -> Option<f64> {
    let text = value_in(&format!("/proc/{pid}/status"), "VmRSS")?;
    let kib: f64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Free space where a folder lies, in GiB.
pub fn free_gib(folder: &Path) -> Option<f64> {
    let folder = folder.to_str()?;
    let text = said("df", &["--output=avail", "-B1", folder])?;
    let bytes: f64 = text.lines().last()?.trim().parse().ok()?;
    Some(bytes / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_can_be_described() {
        let folder = tempfile::tempdir().unwrap();
        let machine = describe(folder.path()).unwrap();
        assert!(machine["cores"].as_u64().unwrap() > 0);
        assert!(machine["fsync_ms"]["median"].as_f64().unwrap() >= 0.0);
        assert!(resident_mib(std::process::id()).unwrap() > 0.5);
        assert!(free_gib(folder.path()).unwrap() > 0.0);
    }
}
