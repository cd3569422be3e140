//! The tests that the threat model names exist: a page that promises what nobody tests is worse than
//! none.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, sql::pattern};
use crate::tree::{TextFile, Tree};

const PAGE: &str = "docs/security.md";

/// `crate::file::test`
static RUST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"`([a-z-]+)::([a-z_0-9]+)::([a-z_0-9]+)`"));
/// `web/….ts`: *title*
static WEB: LazyLock<Regex> = LazyLock::new(|| pattern(r"`(web/[^`]+\.ts)`: \*([^*]+)\*"));

/// Looks up every test that the page names.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.find(PAGE) else { return Vec::new() };
    let mut findings = Vec::new();
    for (index, line) in page.text.lines().enumerate() {
        let rust = RUST.captures_iter(line).filter(|found| {
            let [krate, file, name] = [&found[1], &found[2], &found[3]];
            !tree.rust_files().any(|it| is_at(it, krate, file) && has_test(it, name))
        });
        let web = WEB.captures_iter(line).filter(|found| {
            !tree.find(&found[1]).is_some_and(|file| file.text.contains(&found[2]))
        });
        for missing in rust.chain(web) {
            findings.push(Finding::new(
                PAGE,
                index + 1,
                format!("names the test {}, which does not exist", &missing[0]),
                "name the test that covers it now, or say that none does",
            ));
        }
    }
    findings
}

/// Whether the file is `<file>.rs` of the crate, or lies in its folder `<file>/`.
fn is_at(it: &TextFile, krate: &str, file: &str) -> bool {
    let named = |part: &str| part.strip_suffix(".rs").unwrap_or(part) == file;
    it.crate_name() == Some(krate) && it.path.split('/').skip(2).any(named)
}

fn has_test(file: &TextFile, name: &str) -> bool {
    file.text.contains(&format!("fn {name}("))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(page: &str) -> Vec<usize> {
        let tree = Tree::of(&[
            (PAGE, page),
            ("crates/api/tests/it/auth.rs", "#[test]\nfn nobody_gets_in() {}\n"),
            ("crates/api/src/kit/limits/tests.rs", "fn all_are_counted() {}\n"),
            ("web/e2e/a.spec.ts", "test('it is safe', () => {});\n"),
        ]);
        check(&tree).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_test_that_exists_is_found_by_its_crate_and_file() {
        let good = "`api::auth::nobody_gets_in`, `api::limits::all_are_counted`, \
                    `web/e2e/a.spec.ts`: *it is safe*";
        assert!(lines(good).is_empty());
    }

    #[test]
    fn every_other_one_is_missing() {
        for bad in [
            "`api::auth::nobody_gets_out`",
            "`api::cart::nobody_gets_in`",
            "`cart::auth::nobody_gets_in`",
            "`web/e2e/a.spec.ts`: *it is not safe*",
            "`web/e2e/b.spec.ts`: *it is safe*",
        ] {
            assert_eq!(lines(&format!("\n| a | b | {bad} |\n")), [2], "{bad}");
        }
    }
}
