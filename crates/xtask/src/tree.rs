//! The text files of the repository, as git sees them: committed or not, but never ignored ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// One text file.
pub struct TextFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl TextFile {
    /// The file name without its folder.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What stands after the last dot of the name; empty without one.
    pub fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The name of the crate it lies in: the folder below `crates/`.
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Rust source of a crate.
    pub fn is_rust(&self) -> bool {
        self.extension() == "rs" && self.crate_name().is_some()
    }

    /// A file that holds nothing but tests or serves only them.
    pub fn is_test(&self) -> bool {
        let stem = self.name().split('.').next().unwrap_or_default();
        let in_folder =
            |folder: &str| self.path.split('/').rev().skip(1).any(|part| part == folder);
        stem == "tests"
            || stem.ends_with("_test")
            || stem.ends_with("_tests")
            || self.name().contains(".test.")
            || self.name().contains(".spec.")
            || in_folder("tests")
            || in_folder("benches")
            || in_folder("e2e")
            || self.crate_name() == Some("testkit")
    }
}

/// The repository.
pub struct Tree {
    /// Where it lies.
    pub root: PathBuf,
    /// Its text files, sorted by path.
    pub files: Vec<TextFile>,
}

impl Tree {
    /// Reads every text file that git knows or would add.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("`git ls-files` could not be started: is git installed?")?;
        ensure!(
            output.status.success(),
            "`git ls-files` failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut files = Vec::new();
        for path in String::from_utf8(output.stdout)?.split('\0').filter(|path| !path.is_empty()) {
            // Deleted but still in the index: not there any more. Not UTF-8: not text.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(TextFile { path: path.to_owned(), text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { root: root.to_owned(), files })
    }

    /// The file at exactly this path.
    pub fn find(&self, path: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Rust sources of all crates, without xtask's own: its fixtures break the rules on purpose.
    pub fn rust_files(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(|file| file.is_rust() && file.crate_name() != Some("xtask"))
    }

    /// A tree made of the given files, for the tests of the checks.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| TextFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        Self { root: PathBuf::from("/nowhere/oxcart"), files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_tests_and_crates_from_the_path() {
        let tree = Tree::of(&[
            ("crates/orders/src/sql.rs", ""),
            ("crates/orders/tests/place.rs", ""),
            ("crates/orders/src/model/tests.rs", ""),
            ("web/src/lib/money.test.ts", ""),
        ]);
        let tests: Vec<bool> = tree.files.iter().map(TextFile::is_test).collect();
        assert_eq!(tests, [false, true, true, true]);
        assert_eq!(tree.files[0].crate_name(), Some("orders"));
        assert_eq!(tree.files[3].crate_name(), None);
    }

    #[test]
    fn reads_new_files_but_not_ignored_ones() {
        let folder = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            Command::new("git").args(arguments).current_dir(folder.path()).output().unwrap()
        };
        git(&["init", "-q"]);
        std::fs::write(folder.path().join(".gitignore"), "secret\n").unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::fs::write(folder.path().join("seen.txt"), "x").unwrap();
        std::fs::write(folder.path().join("picture.bin"), [0xff, 0xfe]).unwrap();
        let tree = Tree::load(folder.path()).unwrap();
        let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".gitignore", "seen.txt"]);
    }
}
