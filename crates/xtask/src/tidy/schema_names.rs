//! No two types share a name in the API's description: utoipa keeps one of them without a word, and
//! readers of the other are told of fields that are not there.

use std::collections::{BTreeMap, HashSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Ident, Token,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use super::{Finding, budgets::only_for_tests};
use crate::tree::Tree;

const DERIVE: &str = "ToSchema";

/// Looks for a name that several types have.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut places: BTreeMap<String, Vec<(&str, usize)>> = BTreeMap::new();
    for file in tree.rust_files().filter(|file| !file.is_test() && file.text.contains(DERIVE)) {
        // What cannot be read does not compile either.
        let Ok(parsed) = syn::parse_file(&file.text) else { continue };
        let mut schemas = Schemas::default();
        schemas.visit_file(&parsed);
        for (name, line) in schemas.found {
            places.entry(name).or_default().push((file.path.as_str(), line));
        }
    }
    let mut findings = Vec::new();
    for (name, places) in &places {
        let Some(((first, at), others)) = places.split_first() else { continue };
        for (path, line) in others {
            findings.push(Finding::new(
                *path,
                *line,
                format!("the schema `{name}` is that of a type in {first}:{at} too"),
                "give one of them another name, or `#[schema(as = …)]`",
            ));
        }
    }
    findings
}

/// Name and line of each type with a schema, outside the tests.
#[derive(Default)]
struct Schemas {
    found: Vec<(String, usize)>,
    /// Macros of this file that make such types.
    macros: HashSet<String>,
}

impl Schemas {
    fn add(&mut self, attributes: &[Attribute], ident: &Ident) {
        if has_schema(attributes) && !only_for_tests(attributes) {
            let name = renamed(attributes).unwrap_or_else(|| ident.to_string());
            self.found.push((name, ident.span().start().line));
        }
    }
}

impl<'ast> Visit<'ast> for Schemas {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !only_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add(&item.attrs, &item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add(&item.attrs, &item.ident);
    }

    /// A macro that makes such types is given their names, each outside all brackets.
    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        let tokens = &item.mac.tokens;
        if let Some(name) = &item.ident {
            if mentions_schema(tokens.clone()) {
                self.macros.insert(name.to_string());
            }
        } else if item.mac.path.get_ident().is_some_and(|it| self.macros.contains(&it.to_string()))
        {
            let names = tokens.clone().into_iter().filter_map(|token| match token {
                TokenTree::Ident(name) => Some((name.to_string(), name.span().start().line)),
                _ => None,
            });
            self.found.extend(names);
        }
    }
}

fn has_schema(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|it| it.path().is_ident("derive")).any(|attribute| {
        attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated).is_ok_and(
            |derived| {
                derived.iter().any(|path| path.segments.last().is_some_and(|it| it.ident == DERIVE))
            },
        )
    })
}

/// What `#[schema(as = …)]` says.
fn renamed(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().filter(|it| it.path().is_ident("schema")).find_map(|attribute| {
        let list = attribute.meta.require_list().ok()?;
        let mut tokens = list.tokens.clone().into_iter();
        tokens.find(|token| matches!(token, TokenTree::Ident(word) if word == "as"))?;
        let is_comma =
            |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
        let path: Vec<String> = tokens
            .take_while(|token| !is_comma(token))
            .filter_map(|token| match token {
                TokenTree::Ident(part) => Some(part.to_string()),
                _ => None,
            })
            .collect();
        (!path.is_empty()).then(|| path.join("."))
    })
}

fn mentions_schema(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == DERIVE,
        TokenTree::Group(group) => mentions_schema(group.stream()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "/// Why.\n#[derive(Debug, ToSchema)]\npub struct Reason { a: u8 }\n";

    fn found(second: &str) -> Vec<(String, usize, String)> {
        let tree = Tree::of(&[("crates/access/src/a.rs", PLAIN), ("crates/api/src/b.rs", second)]);
        check(&tree).into_iter().map(|it| (it.path, it.line, it.what)).collect()
    }

    #[test]
    fn a_second_type_of_the_name_is_found_however_it_is_written() {
        let what = "the schema `Reason` is that of a type in crates/access/src/a.rs:3 too";
        for (line, second) in [
            (1, "#[derive(utoipa::ToSchema)] enum Reason { A }"),
            (3, "mod inner {\n#[derive(Clone, ToSchema)]\nstruct Reason<T>(T); }"),
            (
                3,
                "#[derive(ToSchema)]\n#[schema(title = \"why\", as = Reason, no_recursion)]\nstruct Other;",
            ),
            (
                3,
                "macro_rules! ids { ($($n:ident),+) => {$(#[derive(ToSchema)] struct $n;)+} }\n\
                 ids! { /// An id.\nReason, /// Another.\nOrderId }",
            ),
        ] {
            assert_eq!(found(second), [("crates/api/src/b.rs".to_owned(), line, what.to_owned())]);
        }
    }

    #[test]
    fn other_names_and_types_without_a_schema_are_fine() {
        for second in [
            "#[derive(ToSchema)] #[schema(as = PolicyReason)] struct Reason;",
            "#[derive(ToSchema)] #[schema(as = policies::Reason)] struct Reason;",
            "use utoipa::ToSchema;\n#[derive(Clone, Debug)] struct Reason;",
            "#[cfg(test)] mod tests { #[derive(ToSchema)] struct Reason; }",
            "use utoipa::ToSchema;\nmacro_rules! ids { ($n:ident) => { struct $n; } }\nids! { Reason }",
        ] {
            assert!(found(second).is_empty(), "{second}");
        }
    }
}
