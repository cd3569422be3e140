//! Where the files of a private server lie, and who may be in charge of them.

use std::{
    fs::{DirBuilder, File, Permissions},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest as _, Sha256};

use super::{
    SUPERUSER,
    account::Account,
    error::{IoContext as _, PrivateError},
};

/// Where the cluster goes when root's data directory cannot be entered by `postgres`, for example
/// under `/root`.
const ELSEWHERE: &str = "/var/lib/oxcart";
/// `sun_path` holds 108 bytes with the closing zero (104 on macOS).
const SOCKET_PATH_MAX: usize = 103;
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The paths of one private server.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The data directory of PostgreSQL.
    pub cluster: PathBuf,
    /// Where the socket is.
    pub socket_dir: PathBuf,
    pub log: PathBuf,
    /// PostgreSQL's `cluster_name`: how its processes are told from others.
    pub name: String,
}

/// The right to be in charge of a directory, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not read")] Flock<File>);

impl Lock {
    /// Waits at most `patience` for whoever holds it. Blocks for at most that long.
    pub fn take(path: &Path, patience: Duration) -> Result<Self, PrivateError> {
        let deadline = Instant::now() + patience;
        loop {
            let file = File::options().create(true).append(true).open(path).io("open", path)?;
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(Self(lock)),
                Err((_, nix::Error::EWOULDBLOCK)) if Instant::now() < deadline => pause(),
                Err((_, nix::Error::EWOULDBLOCK)) => {
                    let dir = path.parent().unwrap_or(path).to_owned();
                    return Err(PrivateError::Locked { dir });
                }
                Err((_, error)) => return Err(error).io("lock", path),
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "runs on a blocking thread, bounded by the caller")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Makes `dir` for everybody to enter and us to write, and returns its true path.
pub(super) fn make_home(dir: &Path) -> Result<PathBuf, PrivateError> {
    if !dir.exists() {
        std::fs::create_dir_all(dir).io("make the directory", dir)?;
        // Whatever the umask says: the server's account has to get through.
        std::fs::set_permissions(dir, Permissions::from_mode(0o755)).io("open up", dir)?;
    }
    dir.canonicalize().io("find", dir)
}

impl Layout {
    /// Decides where things lie; a new cluster may have to lie [elsewhere](ELSEWHERE).
    pub fn resolve(home: &Path, account: &Account) -> Result<Self, PrivateError> {
        let link = home.join("postgres");
        let home = match link.canonicalize() {
            Ok(cluster) => cluster.parent().unwrap_or(home).to_owned(),
            Err(_) if account.can_enter(home)? => home.to_owned(),
            Err(_) => elsewhere(home, &link)?,
        };
        if !account.can_enter(&home)? {
            return Err(PrivateError::Unreachable { dir: home, account: account.name.clone() });
        }
        let cluster = home.join("postgres");
        let digest = hex::encode(&Sha256::digest(cluster.as_os_str().as_bytes())[..6]);
        Ok(Self {
            socket_dir: socket_dir(&home, &digest),
            log: home.join("postgres.log"),
            name: format!("oxcart-{digest}"),
            cluster,
        })
    }

    /// Makes the socket's directory: ours alone, which is the server's whole access control.
    pub fn make_socket_dir(&self, account: &Account) -> Result<(), PrivateError> {
        let dir = &self.socket_dir;
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => account.own(dir)?,
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e).io("make the directory", dir),
        }
        let meta = std::fs::symlink_metadata(dir).io("look at", dir)?;
        let ours = meta.is_dir() && meta.uid() == account.uid && meta.mode() & 0o777 == 0o700;
        if ours { Ok(()) } else { Err(PrivateError::SocketDir { dir: dir.clone() }) }
    }

    /// The `postgres://` URL of a database.
    pub fn url(&self, database: &str) -> String {
        let host = percent(&self.socket_dir);
        format!("postgres:///{database}?host={host}&user={SUPERUSER}")
    }
}

/// A place for the cluster of `home` that everybody can get to, with a link to it so that it is
/// found again. A cluster left behind by a removed link is not taken over.
fn elsewhere(home: &Path, link: &Path) -> Result<PathBuf, PrivateError> {
    let digest = hex::encode(&Sha256::digest(home.as_os_str().as_bytes())[..6]);
    make_home(Path::new(ELSEWHERE))?;
    for attempt in 1..1000 {
        let place = Path::new(ELSEWHERE).join(format!("{digest}-{attempt}"));
        if place.join("postgres").exists() {
            continue;
        }
        let place = make_home(&place)?;
        if link.is_symlink() {
            std::fs::remove_file(link).io("remove the dead link", link)?;
        }
        symlink(place.join("postgres"), link).io("make the link", link)?;
        tracing::info!(
            cluster = %place.display(),
            "PostgreSQL's account cannot enter the data directory: its files go to {}",
            place.display()
        );
        return Ok(place);
    }
    Err(PrivateError::Unreachable { dir: home.to_owned(), account: "postgres".to_owned() })
}

/// Inside `home` when the socket's path is short enough for the kernel, else under `/tmp`.
fn socket_dir(home: &Path, digest: &str) -> PathBuf {
    let inside = home.join("run");
    let length = inside.join(SOCKET_NAME).as_os_str().len();
    if length <= SOCKET_PATH_MAX { inside } else { PathBuf::from(format!("/tmp/oxcart-{digest}")) }
}

/// Percent-encodes what may not stand in a query value.
fn percent(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
    text
}

fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gets_a_short_socket() {
        let short = socket_dir(Path::new("/srv/oxcart/data"), "abc");
        assert_eq!(short, Path::new("/srv/oxcart/data/run"));
        let long = PathBuf::from(format!("/srv/{}", "x".repeat(90)));
        assert_eq!(socket_dir(&long, "abc"), Path::new("/tmp/oxcart-abc"));
    }

    #[test]
    fn paths_survive_the_url() {
        assert_eq!(percent(Path::new("/srv/my shop/100%&é")), "/srv/my%20shop/100%25%26%C3%A9");
    }
}
