//! What the system allows a process.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Enough for any crowd one machine can serve.
const OPEN_FILES: u64 = 65_536;

/// A connection is an open file, and many systems begin with 1,024 of them, for the sake of programs
/// from the last century. A process may raise that by itself, up to the hard limit.
pub fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(OPEN_FILES);
        if soft < wanted {
            // Without it the shop works, for fewer people at once.
            setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).ok();
        }
    }
}
