//! What the auditor found, for people.

use std::fmt;

use super::{Census, SHOWN};

/// One check and the rows that fail it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What must hold.
    pub claim: &'static str,
    /// Rows for which it does not; at most one more than are shown.
    pub rows: Vec<String>,
}

/// The outcome of an audit.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was looked at.
    pub census: Census,
    /// Every check.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.rows.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Census { products, orders, movements, payments } = self.census;
        writeln!(
            f,
            "Looked at {products} products, {movements} movements of stock, {orders} orders, \
             {payments} payments."
        )?;
        let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
        for Finding { claim, rows } in &self.findings {
            writeln!(f, "{} {claim}", if rows.is_empty() { "✓" } else { "✗" })?;
            for row in rows.iter().take(shown) {
                writeln!(f, "    {row}")?;
            }
            if rows.len() > shown {
                writeln!(f, "    … and more")?;
            }
        }
        let wrong = self.findings.iter().filter(|finding| !finding.rows.is_empty()).count();
        if wrong == 0 {
            write!(f, "The books are right.")
        } else {
            write!(f, "THE BOOKS ARE NOT RIGHT: {wrong} of {} checks failed.", self.findings.len())
        }
    }
}
