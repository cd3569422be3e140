//! From garde's reports to JSON pointers.

use super::problem::FieldError;

/// A report's complaints with their places as JSON pointers (RFC 6901).
pub fn field_errors(report: &garde::Report) -> Vec<FieldError> {
    report
        .iter()
        .map(|(path, error)| FieldError {
            pointer: pointer(&path.to_string()),
            detail: error.message().to_owned(),
        })
        .collect()
}

/// `items[0].quantity` → `/items/0/quantity`.
fn pointer(path: &str) -> String {
    let mut pointer = String::new();
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        pointer.push('/');
        pointer.push_str(part);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_pointers() {
        assert_eq!(pointer("items[0].quantity"), "/items/0/quantity");
        assert_eq!(pointer("shipping_address.name"), "/shipping_address/name");
        assert_eq!(pointer(""), "");
    }
}
