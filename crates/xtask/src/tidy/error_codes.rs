//! An error code exists only together with its page: `docs/errors/<CODE>.md`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Finding;
use super::sql::pattern;
use crate::rust;
use crate::tree::Tree;

/// Where the codes are registered.
pub const REGISTRY: &str = "crates/kernel/src/error_code/table.rs";

/// What every page has to tell, as headings.
pub const SECTIONS: &[&str] =
    &["## Cause", "## What the user can do", "## What the operator can do"];

static CODE: LazyLock<Regex> = LazyLock::new(|| pattern("^[A-Z]+(?:_[A-Z0-9]+)*$"));

/// The page of a code.
pub fn page_path(code: &str) -> String {
    format!("docs/errors/{code}.md")
}

/// The registered codes, with the line of each.
pub fn codes(tree: &Tree) -> BTreeMap<String, usize> {
    let tokens = tree.find(REGISTRY).and_then(|file| rust::tokens(&file.text).ok());
    let mut codes = BTreeMap::new();
    for (line, text) in rust::texts(&tokens.unwrap_or_default()) {
        if CODE.is_match(text) {
            codes.entry(text.to_owned()).or_insert(line);
        }
    }
    codes
}

/// Compares the registry with the pages, both ways.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let codes = codes(tree);
    if codes.is_empty() {
        return vec![Finding::new(REGISTRY, 0, "holds no error code", "restore the registry")];
    }
    let mut findings = Vec::new();
    for (code, line) in &codes {
        let path = page_path(code);
        let Some(page) = tree.find(&path) else {
            findings.push(Finding::new(
                REGISTRY,
                *line,
                format!("`{code}` has no page"),
                format!("run `cargo xtask error-pages` and complete {path}"),
            ));
            continue;
        };
        if !page.text.starts_with(&format!("# {code}\n")) {
            let what = format!("does not begin with `# {code}`");
            findings.push(Finding::new(&path, 1, what, "write the heading"));
        }
        for section in SECTIONS {
            if !page.text.lines().any(|line| line == *section) {
                let what = format!("has no section `{section}`");
                findings.push(Finding::new(&path, 0, what, "write it, in both languages"));
            }
        }
        if let Some(line) = page.text.lines().position(|line| line.contains("TODO")) {
            let what = "is not written to its end";
            findings.push(Finding::new(&path, line + 1, what, "replace the template's text"));
        }
    }
    for file in &tree.files {
        let name = file.path.strip_prefix("docs/errors/").and_then(|name| name.strip_suffix(".md"));
        if let Some(name) = name
            && CODE.is_match(name)
            && name != "README"
            && !codes.contains_key(name)
        {
            findings.push(Finding::new(
                &file.path,
                0,
                format!("`{name}` is no registered code"),
                format!("delete the page, or register the code in {REGISTRY}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "const T: &[E] = &[entry(\"CART_EMPTY\", 422, \"空\", \"empty\")];";
    const PAGE: &str = "# CART_EMPTY\n\n## Cause\n\n## What the user can do\n\n\
        ## What the operator can do\n";

    fn what(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn code_and_page_together_are_fine() {
        assert!(what(&[(REGISTRY, ONE), ("docs/errors/CART_EMPTY.md", PAGE)]).is_empty());
    }

    #[test]
    fn a_code_without_page_and_a_page_without_code_are_found() {
        assert_eq!(what(&[(REGISTRY, ONE)]), ["`CART_EMPTY` has no page"]);
        let files =
            [(REGISTRY, ONE), ("docs/errors/CART_EMPTY.md", PAGE), ("docs/errors/GONE.md", PAGE)];
        assert_eq!(what(&files), ["`GONE` is no registered code"]);
        assert_eq!(what(&[]), ["holds no error code"]);
    }

    #[test]
    fn an_unfinished_page_is_found() {
        let page = PAGE.replace("## Cause", "TODO");
        assert_eq!(
            what(&[(REGISTRY, ONE), ("docs/errors/CART_EMPTY.md", &page)]),
            ["has no section `## Cause`", "is not written to its end"]
        );
    }

    #[test]
    fn codes_of_tests_do_not_count() {
        let registry = format!("{ONE}\n#[cfg(test)] mod tests {{ const A: &str = \"OTHER\"; }}");
        assert!(codes(&Tree::of(&[(REGISTRY, &registry)])).keys().eq(["CART_EMPTY"]));
    }
}
