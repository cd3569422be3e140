//! What the system allows a process.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// A connection is an open file, here and in the servers this program starts.
pub fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(65_536);
        if soft < wanted {
            setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).ok();
        }
    }
}
