//! Who the server runs as: us, unless we are root.

use std::{
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::Path,
    process::{Command, Stdio},
};

use nix::unistd::{Uid, User, getegid, geteuid};

use super::error::{IoContext as _, PrivateError};

/// The account of the server's processes.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub uid: u32,
    pub gid: u32,
    pub name: String,
    /// We are root and become this account in the child.
    switch: bool,
}

impl Account {
    /// The account for a cluster at `cluster`: its owner when it exists, else `postgres` for root
    /// and ourselves for everybody else.
    pub fn choose(cluster: &Path) -> Result<Self, PrivateError> {
        let us = geteuid();
        let owner = std::fs::metadata(cluster).ok().map(|m| (m.uid(), m.gid()));
        match owner {
            Some((owner, _)) if !us.is_root() && owner != us.as_raw() => {
                Err(PrivateError::ForeignOwner {
                    dir: cluster.to_owned(),
                    owner,
                    ours: us.as_raw(),
                })
            }
            Some((uid, gid)) if us.is_root() && uid != 0 => Ok(Self::root_as(uid, gid)),
            _ if us.is_root() => {
                let user = User::from_name("postgres").ok().flatten();
                let user = user.filter(|u| !u.uid.is_root()).ok_or(PrivateError::NoAccount)?;
                Ok(Self {
                    uid: user.uid.as_raw(),
                    gid: user.gid.as_raw(),
                    name: user.name,
                    switch: true,
                })
            }
            _ => Ok(Self {
                uid: us.as_raw(),
                gid: getegid().as_raw(),
                name: name_of(us.as_raw()),
                switch: false,
            }),
        }
    }

    fn root_as(uid: u32, gid: u32) -> Self {
        Self { uid, gid, name: name_of(uid), switch: true }
    }

    /// A command run by this account, in `cwd`, without our environment and without input. Its
    /// process group is its own: the terminal's Ctrl-C is for us, not for the server.
    ///
    /// When root sets a uid, the standard library also drops root's supplementary groups.
    pub fn command(&self, program: &Path, cwd: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(cwd)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .process_group(0);
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Whether the account can enter `dir`. Tried for real: modes, groups and access lists count.
    pub fn can_enter(&self, dir: &Path) -> Result<bool, PrivateError> {
        if !self.switch {
            return Ok(true);
        }
        let mut probe = self.command(Path::new("/bin/sh"), dir);
        match probe.args(["-c", ":"]).stdout(Stdio::null()).stderr(Stdio::null()).status() {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Ok(false),
            Err(e) => Err(e).io("look into", dir),
        }
    }

    /// Gives `path` to the account.
    pub fn own(&self, path: &Path) -> Result<(), PrivateError> {
        if self.switch {
            chown(path, Some(self.uid), Some(self.gid)).io("change the owner of", path)?;
        }
        Ok(())
    }
}

fn name_of(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}
