//! `cargo xtask error-pages`: a page for each error code that has none yet.

use crate::tidy;
use crate::tree::Tree;

/// Writes the missing pages from the template and names them.
pub fn run(tree: &Tree) -> anyhow::Result<bool> {
    let mut written = 0;
    for code in tidy::codes(tree).keys() {
        let path = tidy::page_path(code);
        let file = tree.root.join(&path);
        if file.exists() {
            continue;
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, page(code))?;
        println!("wrote {path}: replace each TODO");
        written += 1;
    }
    println!("{written} pages written");
    Ok(true)
}

/// What `cargo xtask tidy` wants to see, with everything still to be said.
fn page(code: &str) -> String {
    format!(
        "# {code}\n\nTODO: HTTP status, and one sentence: what happened. 一句話說明發生了什麼。\n\n\
         ## Cause\n\nTODO\n\n原因：TODO\n\n\
         ## What the user can do\n\nTODO\n\n使用者：TODO\n\n\
         ## What the operator can do\n\nTODO\n\n營運人員：TODO\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TextFile;

    #[test]
    fn writes_only_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let registry = "const T: &[E] = &[entry(\"ONE\"), entry(\"TWO\")];".to_owned();
        let file =
            TextFile { path: "crates/kernel/src/error_code/table.rs".to_owned(), text: registry };
        let tree = Tree { root: folder.path().to_owned(), files: vec![file] };
        std::fs::create_dir_all(folder.path().join("docs/errors")).unwrap();
        std::fs::write(folder.path().join("docs/errors/ONE.md"), "mine").unwrap();
        run(&tree).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("docs/errors/ONE.md"), "mine");
        assert!(read("docs/errors/TWO.md").starts_with("# TWO\n"));
    }
}
