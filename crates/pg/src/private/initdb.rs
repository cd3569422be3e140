//! Making the cluster.

use std::{
    fs::{DirBuilder, Permissions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};

use super::{
    Durability, PrivateError, SUPERUSER, account::Account, binaries::Binaries,
    error::IoContext as _, layout::Layout,
};

/// What the operator may change. What must hold is given on the command line (see `start`).
const TUNING: &str = "
# --- Oxcart's defaults for a shop on one machine. Yours to change; restart Oxcart afterwards.
shared_buffers = '256MB'
wal_buffers = '16MB'
max_wal_size = '4GB'
min_wal_size = '256MB'
checkpoint_timeout = '15min'
random_page_cost = 1.1
# Short transactions by the thousand: compiling their plans never pays.
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# Refused statements are the program's business, and it logs them.
log_min_messages = 'log'
";

/// Makes the cluster when there is none. All or nothing: it is made beside its place and renamed.
/// Returns whether it was made.
pub(super) async fn ensure_cluster(
    layout: &Layout,
    account: &Account,
    binaries: &Binaries,
    durability: Durability,
) -> Result<bool, PrivateError> {
    if layout.cluster.join("PG_VERSION").is_file() {
        return Ok(false);
    }
    // `initdb` was killed last time, or somebody made an empty directory.
    let unfinished = layout.cluster.with_extension("new");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).io("remove", &unfinished)?;
    }
    make_dir(&unfinished, account)?;
    if let Err(said) = run(&unfinished, account, binaries, "C.UTF-8", durability).await? {
        // Systems without C.UTF-8 have C; the encoding is UTF-8 all the same.
        let retry = said.contains("invalid locale");
        std::fs::remove_dir_all(&unfinished).io("remove", &unfinished)?;
        make_dir(&unfinished, account)?;
        if !retry {
            return Err(PrivateError::Init { dir: layout.cluster.clone(), said });
        }
        if let Err(said) = run(&unfinished, account, binaries, "C", durability).await? {
            return Err(PrivateError::Init { dir: layout.cluster.clone(), said });
        }
    }
    tune(&unfinished.join("postgresql.conf"))?;
    std::fs::rename(&unfinished, &layout.cluster).io("move the new cluster to", &layout.cluster)?;
    Ok(true)
}

fn make_dir(dir: &Path, account: &Account) -> Result<(), PrivateError> {
    DirBuilder::new().mode(0o700).create(dir).io("make the directory", dir)?;
    std::fs::set_permissions(dir, Permissions::from_mode(0o700)).io("close", dir)?;
    account.own(dir)
}

fn tune(config: &Path) -> Result<(), PrivateError> {
    let mut file = std::fs::File::options().append(true).open(config).io("open", config)?;
    file.write_all(TUNING.as_bytes()).io("write", config)
}

/// Runs `initdb`; the inner error is what it said.
async fn run(
    dir: &Path,
    account: &Account,
    binaries: &Binaries,
    locale: &str,
    durability: Durability,
) -> Result<Result<(), String>, PrivateError> {
    let initdb = binaries.program("initdb");
    let mut command = account.command(&initdb, dir);
    command
        .arg("--pgdata")
        .arg(dir)
        .args(["--username", SUPERUSER, "--encoding", "UTF8", "--locale", locale])
        // Who can open the socket may come in, and nothing else ever listens.
        .args(["--auth-local", "trust", "--auth-host", "reject", "--data-checksums"]);
    if durability == Durability::Off {
        command.arg("--no-sync");
    }
    let output = tokio::process::Command::from(command).output().await.io("run", &initdb)?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.trim().is_empty() {
        said = format!("nothing; it ended with {}", output.status);
    }
    Ok(Err(said))
}
