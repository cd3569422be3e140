//! What is committed works on every machine: no path of the machine it was written on, no link into
//! nothing, no download address of a private mirror.

use std::sync::LazyLock;

use regex::Regex;

use super::Finding;
use super::sql::pattern;
use crate::tree::{TextFile, Tree};

static HOME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[\s\x22'`(=:])/(?:home|Users)/[A-Za-z]|(?:^|[\s\x22'`(=:])/root/")
});
static UPWARDS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[\s\x22'`(=])((?:\.\./)+)[A-Za-z]"));
static LINK: LazyLock<Regex> = LazyLock::new(|| pattern(r"\]\(([^)\s#]+)(?:#[^)]*)?\)"));

/// Looks for places that exist only here.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let here = tree.root.display().to_string();
    for file in &tree.files {
        // xtask's own fixtures break the rules on purpose.
        if file.path.starts_with("crates/xtask/") {
            continue;
        }
        if file.name() == "package-lock.json" {
            check_lock(file, &mut findings);
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            if HOME.is_match(line) || (here.len() > 5 && line.contains(&here)) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    "names a path of one machine",
                    "use a path relative to the repository, or ask the environment",
                ));
            }
        }
        if file.extension() == "md" {
            check_page(tree, file, &mut findings);
        }
    }
    findings
}

fn check_lock(file: &TextFile, findings: &mut Vec<Finding>) {
    let public = "https://registry.npmjs.org/";
    for (index, line) in file.text.lines().enumerate() {
        let address = line.trim().strip_prefix("\"resolved\": \"");
        if address
            .is_some_and(|address| address.starts_with("http") && !address.starts_with(public))
        {
            findings.push(Finding::new(
                &file.path,
                index + 1,
                "records the download address of a mirror",
                "set `omit-lockfile-registry-resolved=true` in web/.npmrc and install again",
            ));
        }
    }
}

/// Relative links lead to files that exist, and nothing points out of the repository.
fn check_page(tree: &Tree, file: &TextFile, findings: &mut Vec<Finding>) {
    let depth = file.path.matches('/').count();
    for (index, line) in file.text.lines().enumerate() {
        if UPWARDS.captures_iter(line).any(|found| found[1].matches("../").count() > depth) {
            findings.push(Finding::new(
                &file.path,
                index + 1,
                "points out of the repository",
                "say it here, or leave it out",
            ));
        }
        for found in LINK.captures_iter(line) {
            let target = &found[1];
            if target.contains("://") || target.starts_with(['/', '{', '<']) || target.contains(':')
            {
                continue;
            }
            if !leads_somewhere(tree, file, target) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    format!("link to `{target}`, which does not exist"),
                    "correct or remove the link",
                ));
            }
        }
    }
}

fn leads_somewhere(tree: &Tree, file: &TextFile, target: &str) -> bool {
    let mut parts: Vec<&str> = file.path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    let folder = format!("{path}/");
    tree.files.iter().any(|it| it.path == path || it.path.starts_with(&folder))
        || tree.root.join(&path).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for text in
            ["cd /home/ann/oxcart", "\"/Users/ann/x\"", "see /root/x", "in /nowhere/oxcart/y"]
        {
            assert_eq!(what(&[("a.sh", text)]), ["names a path of one machine"], "{text}");
        }
        for text in ["https://example.com/home/x", "GET /home", "web/root/x", "/var/lib/oxcart"] {
            assert!(what(&[("a.sh", text)]).is_empty(), "{text}");
        }
    }

    #[test]
    fn links_lead_to_files() {
        let good = "[a](docs/A.md) [b](docs/) [c](https://x.y/z) [d](#part) [e](docs/A.md#part)";
        assert!(what(&[("README.md", good), ("docs/A.md", "[r](../README.md)")]).is_empty());
        assert_eq!(
            what(&[("README.md", "[a](docs/B.md)")]),
            ["link to `docs/B.md`, which does not exist"]
        );
        assert_eq!(what(&[("docs/A.md", "see ../../secret/x")]), ["points out of the repository"]);
    }

    #[test]
    fn mirrors_in_the_lock_file_are_found() {
        let lock =
            |host: &str| format!("      \"resolved\": \"https://{host}/a/-/a-1.0.0.tgz\",\n");
        let find = |host: &str| what(&[("web/package-lock.json", &lock(host))]).len();
        assert_eq!((find("registry.npmjs.org"), find("mirror.example")), (0, 1));
    }
}
