//! The figures: gathered run by run, printed as a table, written as JSON.

use std::{fmt::Write as _, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The note of a row that nobody wanted; the table leaves it out.
pub const NOT_ASKED: &str = "not asked for";

/// One row.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its name, by which others find it.
    pub name: &'static str,
    /// What its figures count.
    pub unit: &'static str,
    /// The middle one of the runs; nothing when there was none.
    pub median: Option<f64>,
    /// The least.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
    /// Each run.
    pub runs: Vec<f64>,
    /// Why there is no figure, or what has to be known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Row {
    /// A row without figures.
    pub const fn empty(name: &'static str, unit: &'static str) -> Self {
        let (median, min, max) = (None, None, None);
        Self { name, unit, median, min, max, runs: Vec::new(), note: None }
    }

    /// One more run.
    pub fn add(&mut self, run: f64) {
        self.runs.push(round(run));
        let mut sorted = self.runs.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        self.median = Some(round(median));
        self.min = sorted.first().copied();
        self.max = sorted.last().copied();
    }
}

/// Three digits after the point are more than enough.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// All rows, where and how they were measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// Hardware and software.
    pub machine: Value,
    /// How it was measured.
    pub settings: Map<String, Value>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What each run cost, in the order of the runs.
    pub runs: Vec<Value>,
}

impl Report {
    /// The row with this name.
    pub fn row(&mut self, name: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.name == name)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "machine": self.machine, "settings": self.settings, "rows": self.rows,
            "runs": self.runs,
        })
    }

    /// Writes the JSON, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let draft = path.with_extension("json.new");
        let text = serde_json::to_string_pretty(&self.to_json())? + "\n";
        std::fs::write(&draft, text).with_context(|| draft.display().to_string())?;
        std::fs::rename(&draft, path).with_context(|| path.display().to_string())
    }

    /// As a table for people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let heading = ["", "median", "min", "max", "spread"];
        let [name, median, min, max, spread] = heading;
        writeln!(text, "{name:<28}{median:>12}{min:>12}{max:>12}{spread:>9}  unit").ok();
        for row in &self.rows {
            let (Some(median), Some(min), Some(max)) = (row.median, row.min, row.max) else {
                let why = row.note.as_deref().unwrap_or("not measured");
                if why == NOT_ASKED {
                    continue;
                }
                writeln!(text, "{:<28}{:>12}  {why}", row.name, "-").ok();
                continue;
            };
            let spread = if median > 0.0 { (max - min) / median * 100.0 } else { 0.0 };
            let note = row.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
            writeln!(
                text,
                "{:<28}{:>12}{:>12}{:>12}{spread:>7.1} %  {}{note}",
                row.name,
                figure(median),
                figure(min),
                figure(max),
                row.unit
            )
            .ok();
        }
        text
    }
}

/// `12,345`, `8.25`.
pub fn figure(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut row = Row::empty("orders_hot", "orders/s");
        for run in [12_000.5, 11_000.0, 12_500.0] {
            row.add(run);
        }
        let mut missing = Row::empty("product_page", "answers/s");
        missing.note = Some("the storefront is not built".to_owned());
        Report {
            machine: json!({"cores": 2}),
            settings: Map::new(),
            rows: vec![row, missing],
            runs: Vec::new(),
        }
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let mut row = Row::empty("a", "b");
        assert_eq!((row.median, row.runs.len()), (None, 0));
        row.add(3.0);
        row.add(1.0);
        assert_eq!(row.median, Some(2.0));
        row.add(2.5);
        assert_eq!((row.median, row.min, row.max), (Some(2.5), Some(1.0), Some(3.0)));
        assert_eq!(row.runs, [3.0, 1.0, 2.5]);
    }

    #[test]
    fn the_json_has_the_agreed_shape() {
        let json = report().to_json();
        assert_eq!(
            json["rows"][0],
            json!({
                "name": "orders_hot", "unit": "orders/s", "median": 12_000.5, "min": 11_000.0,
                "max": 12_500.0, "runs": [12_000.5, 11_000.0, 12_500.0],
            })
        );
        assert!(json["rows"][1]["median"].is_null());
        assert_eq!(json["rows"][1]["note"], "the storefront is not built");
        assert_eq!(json["machine"]["cores"], 2);
        assert!(json["settings"].is_object());
    }

    #[test]
    fn the_table_says_what_is_missing_and_why() {
        let table = report().table();
        assert!(table.contains("12,000") && table.contains("12.5 %"), "{table}");
        assert!(table.contains("the storefront is not built"), "{table}");
    }

    #[test]
    fn figures_are_grouped() {
        assert_eq!(figure(1_234_567.4), "1,234,567");
        assert_eq!(figure(999.0), "999");
        assert_eq!(figure(8.254), "8.25");
    }
}
