//! Files and functions stay small enough to be read at once.

use std::collections::HashSet;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Finding;
use crate::tree::{TextFile, Tree};

const FILE_AIM: usize = 500;
const FILE_LIMIT: usize = 800;
const TEST_FILE_LIMIT: usize = 1200;
const FUNCTION_LIMIT: usize = 70;

/// Counts the lines of every source file, and of every Rust function outside the tests.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sources = ["rs", "ts", "js", "svelte", "css", "sh"];
    for file in tree.files.iter().filter(|file| sources.contains(&file.extension())) {
        check_file(file, &mut findings);
        if file.is_rust() && !file.is_test() {
            check_functions(file, &mut findings);
        }
    }
    findings
}

fn check_file(file: &TextFile, findings: &mut Vec<Finding>) {
    let lines = file.text.lines().count();
    let generated = file.text.lines().take(10).any(|line| {
        let line = line.to_lowercase();
        line.contains("auto-generated") || line.contains("@generated")
    });
    // What a program wrote as one file from a source under the budget has none of its own.
    if generated {
        return;
    }
    let limit = if file.is_test() { TEST_FILE_LIMIT } else { FILE_LIMIT };
    let advice = "split it by noun or by use case";
    if lines > limit {
        let what = format!("{lines} lines; the limit is {limit}");
        findings.push(Finding::new(&file.path, 0, what, advice));
    } else if lines > FILE_AIM && !file.is_test() {
        let what = format!("{lines} lines; aim for {FILE_AIM}, the limit is {limit}");
        findings.push(Finding::new(&file.path, 0, what, advice).into_warning());
    }
}

fn check_functions(file: &TextFile, findings: &mut Vec<Finding>) {
    // A file that cannot be read is reported by the walls.
    let Ok(syntax) = syn::parse_file(&file.text) else { return };
    let mut functions = Functions::default();
    functions.visit_file(&syntax);
    for (name, line, lines) in functions.found {
        if lines > FUNCTION_LIMIT {
            findings.push(Finding::new(
                &file.path,
                line,
                format!("function `{name}` has {lines} lines; the limit is {FUNCTION_LIMIT}"),
                "give its steps names: one function each",
            ));
        }
    }
}

/// Name, first line and number of lines of each function outside the tests.
#[derive(Default)]
struct Functions {
    found: Vec<(String, usize, usize)>,
    seen: HashSet<usize>,
}

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let last = block.brace_token.span.close().end().line;
        if self.seen.insert(first) {
            self.found.push((signature.ident.to_string(), first, last - first + 1));
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !only_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !only_for_tests(&item.attrs) {
            self.add(&item.sig, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !only_for_tests(&item.attrs) {
            self.add(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// `#[cfg(test)]`, `#[test]`, `#[tokio::test]`.
pub(super) fn only_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let is_test = path.segments.last().is_some_and(|segment| segment.ident == "test");
        let is_cfg_test = path.is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|inner| inner.is_ident("test"));
        is_test || is_cfg_test
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&Tree::of(&[(path, text)]))
    }

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn long_files_are_found() {
        let file = |lines: usize| "// x\n".repeat(lines);
        assert_eq!(findings("crates/orders/src/a.rs", &file(500)), []);
        assert!(findings("crates/orders/src/a.rs", &file(501))[0].only_warning);
        assert!(!findings("crates/orders/src/a.rs", &file(801))[0].only_warning);
        assert_eq!(findings("crates/orders/tests/a.rs", &file(1200)), []);
        assert!(!findings("crates/orders/tests/a.rs", &file(1201))[0].only_warning);
        assert!(!findings("web/src/a.svelte", &file(801))[0].only_warning);
        let generated = format!("// This file was auto-generated\n{}", file(2000));
        assert_eq!(findings("web/src/schema.d.ts", &generated), []);
    }

    #[test]
    fn long_functions_are_found() {
        assert_eq!(findings("crates/orders/src/a.rs", &function(70)), []);
        let found = findings("crates/orders/src/a.rs", &format!("\n{}", function(71)));
        assert_eq!((found.len(), found[0].line), (1, 2));
        assert!(!found[0].only_warning);
        let method = format!("struct S;\nimpl S {{\n{}}}\n", function(71));
        assert_eq!(findings("crates/orders/src/a.rs", &method).len(), 1);
        let default = format!("trait T {{\n{}}}\n", function(71));
        assert_eq!(findings("crates/orders/src/a.rs", &default).len(), 1);
    }

    #[test]
    fn tests_may_be_long() {
        let test = format!("#[tokio::test]\nasync {}", function(90));
        assert_eq!(findings("crates/orders/src/a.rs", &test), []);
        let module = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(90));
        assert_eq!(findings("crates/orders/src/a.rs", &module), []);
    }
}
