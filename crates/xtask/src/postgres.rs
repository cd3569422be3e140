//! A throw-away PostgreSQL of our own, migrated, for describing queries against. It needs nothing
//! that has to be compiled first: the queries of our crates compile only once they are described.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

/// A running server; dropping it stops the server and removes its files.
pub struct PrivatePostgres {
    programs: PathBuf,
    folder: TempDir,
    /// PostgreSQL refuses to run as root: then it runs as this user.
    user: Option<String>,
}

impl PrivatePostgres {
    /// Starts an empty server that only a unix socket reaches.
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("oxcart-update-").tempdir()?;
        let user = if id(&["-u"])? == 0 { Some(hand_over(folder.path())?) } else { None };
        let server = Self { programs: programs()?, folder, user };
        let data = server.folder.path().join("data");
        server.run(server.program("initdb").args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--pgdata",
            path_text(&data)?,
        ]))?;
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off",
            server.folder.path().display()
        );
        let log = server.folder.path().join("log");
        server.run(server.program("pg_ctl").args([
            "start",
            "--wait",
            "--silent",
            "--pgdata",
            path_text(&data)?,
            "--log",
            path_text(&log)?,
            "--options",
            &options,
        ]))?;
        server.run(server.psql("postgres").args(["--command", "CREATE DATABASE oxcart"]))?;
        Ok(server)
    }

    /// How a client reaches the database.
    pub fn url(&self) -> String {
        format!("postgres:///oxcart?host={}&user=postgres", self.folder.path().display())
    }

    /// Applies the migrations in the order of their numbers.
    pub fn migrate(&self, migrations: &Path) -> anyhow::Result<()> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(migrations)
            .with_context(|| format!("no migrations in {}", migrations.display()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.to_string_lossy().ends_with(".up.sql"))
            .collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file)?;
            // The server's user may not read the repository: the file goes through a copy.
            let copy = self.folder.path().join("migration.sql");
            std::fs::write(&copy, &text)?;
            let mut psql = self.psql("oxcart");
            if !text.trim_start().starts_with("-- no-transaction") {
                psql.arg("--single-transaction");
            }
            self.run(psql.arg("--file").arg(&copy))
                .with_context(|| format!("migration {} failed", file.display()))?;
        }
        Ok(())
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = self.program("psql");
        command
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--username=postgres"])
            .arg("--host")
            .arg(self.folder.path())
            .args(["--dbname", database]);
        command
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if let Some(user) = &self.user {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        for variable in ["PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGDATA", "PGOPTIONS"] {
            command.env_remove(variable);
        }
        command
    }

    fn run(&self, command: &mut Command) -> anyhow::Result<()> {
        // Not through a pipe: the server inherits it and would keep it open for ever.
        let log = self.folder.path().join("output");
        let file = std::fs::File::create(&log)?;
        let status =
            command.stdout(file.try_clone()?).stderr(file).status().with_context(|| {
                format!("{} could not be started", command.get_program().display())
            })?;
        ensure!(
            status.success(),
            "{} failed:\n{}",
            command.get_program().display(),
            std::fs::read_to_string(&log).unwrap_or_default()
        );
        Ok(())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let stopped = self
            .run(self.program("pg_ctl").args(["stop", "--mode=immediate", "--pgdata"]).arg(data));
        if let Err(error) = stopped {
            eprintln!("warning: the private PostgreSQL did not stop: {error:#}");
        }
    }
}

/// Where `initdb`, `pg_ctl` and `psql` lie; Debian keeps them out of the `PATH`.
fn programs() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin"))))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    let has_all = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "psql"].iter().all(|program| folder.join(program).is_file())
    };
    match folders.into_iter().find(has_all) {
        Some(folder) => Ok(folder),
        None => bail!("PostgreSQL's programs are missing: run `scripts/setup-system.sh up`"),
    }
}

/// Gives the folder to a user that PostgreSQL may run as.
fn hand_over(folder: &Path) -> anyhow::Result<String> {
    for user in ["postgres", "nobody"] {
        if let (Ok(uid), Ok(gid)) = (id(&["-u", user]), id(&["-g", user])) {
            chown(folder, Some(uid), Some(gid))?;
            return Ok(user.to_owned());
        }
    }
    bail!("there is no user `postgres` or `nobody` to run PostgreSQL as")
}

fn id(arguments: &[&str]) -> anyhow::Result<u32> {
    let output = Command::new("id").args(arguments).output().context("`id` is missing")?;
    ensure!(output.status.success(), "`id {}` failed", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn path_text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        std::fs::write(folder.join(name), text).unwrap();
    }

    #[test]
    fn starts_migrates_in_order_and_leaves_nothing() {
        let migrations = tempfile::tempdir().unwrap();
        write(migrations.path(), "0002_b.up.sql", "INSERT INTO a VALUES (1);");
        write(migrations.path(), "0001_a.up.sql", "CREATE TABLE a (id int);");
        write(migrations.path(), "0001_a.down.sql", "DROP TABLE a;");
        let server = PrivatePostgres::start().unwrap();
        server.migrate(migrations.path()).unwrap();
        let folder = server.folder.path().to_owned();
        write(migrations.path(), "0003_c.up.sql", "SELECT broken;");
        let error = format!("{:#}", server.migrate(migrations.path()).unwrap_err());
        assert!(error.contains("0001_a.up.sql") && error.contains("already exists"), "{error}");
        drop(server);
        assert!(!folder.exists());
    }
}
