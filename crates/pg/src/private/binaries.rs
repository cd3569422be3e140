//! Where the system keeps PostgreSQL's server programs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use super::PrivateError;

/// The oldest major version Oxcart works with.
const OLDEST_MAJOR: u32 = 15;

/// A directory with `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    pub dir: PathBuf,
    pub major: u32,
}

impl Binaries {
    /// The newest installed version, or exactly the one that made the cluster: PostgreSQL reads
    /// only its own major version's files.
    pub fn find(cluster: &Path) -> Result<Self, PrivateError> {
        let wanted = std::fs::read_to_string(cluster.join("PG_VERSION")).ok();
        let wanted = wanted.and_then(|v| v.trim().parse().ok()).map(|major| (cluster, major));
        choose(&installed(), wanted)
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Every usable directory, by major version.
fn installed() -> BTreeMap<u32, PathBuf> {
    let mut found = BTreeMap::new();
    for dir in candidates() {
        if dir.join("initdb").is_file()
            && let Some(major) = major_of(&dir.join("postgres"))
        {
            found.entry(major).or_insert(dir);
        }
    }
    found
}

fn candidates() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        dirs.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    // Debian and its children; RPM packages of PostgreSQL; Alpine; Homebrew.
    for (parent, prefix, tail) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/libexec", "postgresql", ""),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
    ] {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                dirs.push(entry.path().join(tail));
            }
        }
    }
    dirs.push(PathBuf::from("/usr/local/pgsql/bin"));
    dirs.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    dirs
}

fn major_of(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").output().ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `postgres (PostgreSQL) 19beta1`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn choose(
    installed: &BTreeMap<u32, PathBuf>,
    wanted: Option<(&Path, u32)>,
) -> Result<Binaries, PrivateError> {
    let names = || installed.keys().map(u32::to_string).collect();
    let chosen = match wanted {
        Some((_, major)) => installed.get_key_value(&major),
        None => installed.last_key_value().filter(|(major, _)| **major >= OLDEST_MAJOR),
    };
    match (chosen, wanted) {
        (Some((major, dir)), _) => Ok(Binaries { dir: dir.clone(), major: *major }),
        (None, Some((cluster, wanted))) if !installed.is_empty() => {
            Err(PrivateError::OtherMajor { dir: cluster.to_owned(), wanted, installed: names() })
        }
        _ => Err(PrivateError::NotInstalled { too_old: names() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_program() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(parse_major("bash: postgres: command not found"), None);
    }

    #[test]
    fn the_newest_is_taken_unless_a_cluster_needs_another() {
        let installed: BTreeMap<u32, PathBuf> =
            [14, 15, 17].map(|major| (major, PathBuf::from(format!("/pg/{major}")))).into();
        let cluster = Path::new("/data/postgres");
        assert_eq!(choose(&installed, None).unwrap().major, 17);
        assert_eq!(choose(&installed, Some((cluster, 15))).unwrap().dir, Path::new("/pg/15"));
        let error = choose(&installed, Some((cluster, 16))).unwrap_err().to_string();
        assert!(error.contains("apt-get install postgresql-16"), "{error}");
    }

    #[test]
    fn a_missing_postgresql_is_named_with_its_package() {
        let error = choose(&BTreeMap::new(), None).unwrap_err().to_string();
        assert!(error.contains("apt-get install postgresql"), "{error}");
        let old = [(13, PathBuf::from("/pg/13"))].into();
        let error = choose(&old, None).unwrap_err().to_string();
        assert!(error.contains("too old: 13"), "{error}");
    }
}
