//! What the pages say, in the parts that a program can read: tables, and Mermaid's diagrams.

use std::sync::LazyLock;

use regex::Regex;

use crate::tidy::sql::pattern;

/// A row of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Counted from one.
    pub line: usize,
    /// The heading above its table.
    pub heading: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// What stands in them.
    pub cells: Vec<String>,
}

/// A diagram, without its fence.
#[derive(Debug, PartialEq, Eq)]
pub struct Diagram {
    /// The heading above it.
    pub heading: String,
    /// Its lines that are not empty, the first one tells its kind.
    pub lines: Vec<(usize, String)>,
}

impl Diagram {
    /// Whether it is a `classDiagram`, a `stateDiagram-v2` …
    pub fn is(&self, kind: &str) -> bool {
        self.lines.first().is_some_and(|(_, line)| line.starts_with(kind))
    }
}

/// Everything that can be read of a page.
#[derive(Debug, Default)]
pub struct Page {
    /// Of all tables.
    pub rows: Vec<Row>,
    /// All diagrams.
    pub diagrams: Vec<Diagram>,
    /// Words in backquotes outside the diagrams, with their lines.
    pub code: Vec<(usize, String)>,
}

static CODE: LazyLock<Regex> = LazyLock::new(|| pattern("`([^`]+)`"));

/// The first thing in backquotes.
pub fn code(text: &str) -> Option<&str> {
    CODE.captures(text).and_then(|found| found.get(1)).map(|it| it.as_str())
}

/// Reads a page.
pub fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading = String::new();
    let mut columns: Vec<String> = Vec::new();
    let mut fence: Option<Diagram> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(mut open) = fence.take() {
            if line.trim_start().starts_with("```") {
                page.diagrams.push(open);
            } else {
                if !line.trim().is_empty() {
                    open.lines.push((number, line.trim().to_owned()));
                }
                fence = Some(open);
            }
            continue;
        }
        if line.starts_with("```") {
            fence = Some(Diagram { heading: heading.clone(), lines: Vec::new() });
            continue;
        }
        page.code.extend(CODE.captures_iter(line).map(|found| (number, found[1].to_owned())));
        if line.starts_with('#') {
            line.trim_start_matches('#').trim().clone_into(&mut heading);
        }
        let Some(cells) = cells(line) else {
            columns.clear();
            continue;
        };
        if columns.is_empty() {
            columns = cells;
        } else if !cells.iter().all(|cell| cell.chars().all(|c| c == '-' || c == ':')) {
            page.rows.push(Row {
                line: number,
                heading: heading.clone(),
                columns: columns.clone(),
                cells,
            });
        }
    }
    page
}

/// The cells of a table's line.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rows_with_their_columns_and_diagrams_with_their_headings() {
        let page = read(
            "# A\n\n## Orders: `orders::OrderStatus`\n\n| state | 中文 |\n|---|---|\n| `paid` | 已付款 |\n\n\
             | x |\n|---|\n| y `z` |\n\n```mermaid\nstateDiagram-v2\n\n  a --> b : `c`\n```\n",
        );
        assert_eq!(page.rows.len(), 2);
        assert_eq!(page.rows[0].cells, ["`paid`", "已付款"]);
        assert_eq!((page.rows[1].line, page.rows[1].columns[0].as_str()), (11, "x"));
        assert_eq!(code(&page.rows[0].heading), Some("orders::OrderStatus"));
        assert!(page.diagrams[0].is("stateDiagram"));
        assert_eq!(page.diagrams[0].lines[1], (16, "a --> b : `c`".to_owned()));
        let code: Vec<_> = page.code.iter().map(|(_, code)| code.as_str()).collect();
        assert_eq!(code, ["orders::OrderStatus", "paid", "z"]);
    }
}
