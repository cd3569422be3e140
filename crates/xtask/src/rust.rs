//! A flat view of the tokens of a Rust file, without its comments and without its tests. Enough to
//! ask "which crates does it name?" and "which SQL does it hold?", also inside macros.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A token that the checks look at.
#[derive(Debug, PartialEq, Eq)]
pub enum Token {
    /// A name or keyword.
    Ident(String),
    /// The value of a string literal.
    Text(String),
    /// Anything else, by its first character.
    Other(char),
}

/// A token and the line it stands on.
pub struct Spanned {
    /// Counted from one.
    pub line: usize,
    /// The token.
    pub token: Token,
}

/// All tokens outside `#[cfg(test)]` items, test functions and documentation.
pub fn tokens(text: &str) -> Result<Vec<Spanned>, String> {
    let stream: TokenStream = text.parse().map_err(|error| format!("cannot be read: {error}"))?;
    let mut found = Vec::new();
    walk(stream, &mut found);
    Ok(found)
}

/// The lines on which a path into `krate` begins (`krate::…`), or which import it (`use krate`).
pub fn lines_naming_crate(tokens: &[Spanned], krate: &str) -> Vec<usize> {
    let is = |index: usize, token: &Token| tokens.get(index).is_some_and(|it| &it.token == token);
    let krate = Token::Ident(krate.to_owned());
    let mut lines: Vec<usize> = (0..tokens.len())
        .filter(|&index| is(index, &krate))
        .filter(|&index| {
            let imported = index > 0 && is(index - 1, &Token::Ident("use".to_owned()));
            let path = is(index + 1, &Token::Other(':')) && is(index + 2, &Token::Other(':'));
            imported || path
        })
        .map(|index| tokens[index].line)
        .collect();
    lines.dedup();
    lines
}

/// The string literals with their lines.
pub fn texts(tokens: &[Spanned]) -> impl Iterator<Item = (usize, &str)> {
    tokens.iter().filter_map(|spanned| match &spanned.token {
        Token::Text(text) => Some((spanned.line, text.as_str())),
        _ => None,
    })
}

fn walk(stream: TokenStream, found: &mut Vec<Spanned>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                found.push(Spanned { line, token: Token::Other(opening(group.delimiter())) });
                walk(group.stream(), found);
            }
            TokenTree::Ident(ident) => {
                found.push(Spanned { line, token: Token::Ident(ident.to_string()) });
            }
            TokenTree::Literal(literal) => {
                if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                    found.push(Spanned { line, token: Token::Text(text.value()) });
                }
            }
            TokenTree::Punct(punct) => {
                if punct.as_char() == '#' {
                    // `#![…]`: the same for the whole file or block.
                    trees.next_if(
                        |next| matches!(next, TokenTree::Punct(bang) if bang.as_char() == '!'),
                    );
                    pass_attribute(&mut trees);
                    continue;
                }
                found.push(Spanned { line, token: Token::Other(punct.as_char()) });
            }
        }
    }
}

/// Passes over documentation, and over a test together with its attribute. Other attributes stay:
/// they may name crates too.
fn pass_attribute(trees: &mut Peekable<impl Iterator<Item = TokenTree>>) {
    let Some(TokenTree::Group(attribute)) = trees.peek() else { return };
    let (is_test, is_doc) = (marks_test(attribute), marks_doc(attribute));
    if is_test || is_doc {
        trees.next();
    }
    if is_test {
        skip_item(trees);
    }
}

/// Passes over the rest of an item: up to its braces or its semicolon.
fn skip_item(trees: &mut impl Iterator<Item = TokenTree>) {
    for tree in trees {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            _ => {}
        }
    }
}

fn marks_doc(attribute: &Group) -> bool {
    matches!(attribute.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(any(test, …))]`, but not `#[cfg(not(test))]`.
fn marks_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    if words.first() == Some(&"cfg") {
        return words.contains(&"test") && !words.contains(&"not");
    }
    let path = text.split('(').next().unwrap_or_default();
    path.rsplit(':').next().is_some_and(|last| last.trim() == "test")
}

fn opening(delimiter: Delimiter) -> char {
    match delimiter {
        Delimiter::Parenthesis => '(',
        Delimiter::Brace => '{',
        Delimiter::Bracket => '[',
        Delimiter::None => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_paths_in_macros_but_not_in_tests_or_comments() {
        let tokens = tokens(
            "//! sqlx::doc\n// sqlx::comment\nfn f() { assert!(sqlx::query(\"x\")); }\n\
             #[cfg(test)]\nmod tests { use sqlx::PgPool; }\n\
             #[tokio::test]\nasync fn g() { sqlx::query(\"y\"); }\nuse sqlx as db;\n",
        )
        .unwrap();
        assert_eq!(lines_naming_crate(&tokens, "sqlx"), [3, 8]);
        assert_eq!(texts(&tokens).collect::<Vec<_>>(), [(3, "x")]);
    }

    #[test]
    fn an_attribute_or_a_variable_of_that_name_is_no_path() {
        let tokens = tokens("#[sqlx(rename = \"a\")] struct S; fn f(sqlx: u8) {}").unwrap();
        assert!(lines_naming_crate(&tokens, "sqlx").is_empty());
    }

    #[test]
    fn code_left_out_of_tests_is_still_seen() {
        let tokens = tokens("#[cfg(not(test))] use axum::Router;").unwrap();
        assert_eq!(lines_naming_crate(&tokens, "axum"), [1]);
    }
}
