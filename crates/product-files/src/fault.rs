//! What is wrong with a row, and what is worth knowing about a file.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::MAX_NOTES;

/// What kind of mistake it is, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The file or the line is not what it should be: no CSV with these columns, no JSON.
    Unreadable,
    /// More or fewer cells than the first line has.
    Cells,
    /// Not UTF-8, or with characters that no text has.
    Encoding,
    /// Something has to be there.
    Missing,
    /// Not the number that is needed.
    Number,
    /// Too long.
    TooLong,
    /// None of the words that can stand there.
    Word,
    /// There more than once.
    Twice,
    /// More than there may be.
    TooMany,
    /// It breaks a rule of the catalogue.
    Rule,
    /// Something else in the shop has this slug, SKU or id.
    Taken,
    /// There is no such thing in the shop.
    Unknown,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Unreadable,
        Self::Cells,
        Self::Encoding,
        Self::Missing,
        Self::Number,
        Self::TooLong,
        Self::Word,
        Self::Twice,
        Self::TooMany,
        Self::Rule,
        Self::Taken,
        Self::Unknown,
    ];

    /// Its word, as in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Cells => "cells",
            Self::Encoding => "encoding",
            Self::Missing => "missing",
            Self::Number => "number",
            Self::TooLong => "too_long",
            Self::Word => "word",
            Self::Twice => "twice",
            Self::TooMany => "too_many",
            Self::Rule => "rule",
            Self::Taken => "taken",
            Self::Unknown => "unknown",
        }
    }

    /// What a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == word)
    }
}

/// A row of which nothing was taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProductFileError)]
pub struct BadRow {
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    /// The column by its name in the first line; in JSON lines: the pointer of the member.
    #[schema(example = "Variant Price")]
    pub column: String,
    /// What kind of mistake.
    pub code: Fault,
    /// What is wrong.
    pub message: String,
    /// The handle of the product that is refused for it; empty: the row has none.
    pub product: String,
}

/// Something of a file that was left out, or was understood in a way to be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProductFileNote)]
pub struct Note {
    /// Where it was first, from 1.
    pub line: u64,
    /// In which column, or member.
    pub column: String,
    /// What was done about it.
    pub message: String,
    /// How many times.
    pub count: u64,
}

/// Notes of the same thing are one note; of different things there are so many at most.
pub fn add_note(notes: &mut Vec<Note>, note: Note) {
    let same = |it: &Note| it.column == note.column && it.message == note.message;
    match notes.iter().position(same) {
        Some(known) => notes[known].count += note.count,
        None if notes.len() < MAX_NOTES => notes.push(note),
        None => {}
    }
}

impl Note {
    /// One.
    pub fn new(line: u64, column: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line, column: column.into(), message: message.into(), count: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_faults_are_those_of_reports() {
        for fault in Fault::ALL {
            assert_eq!(serde_json::json!(fault), fault.as_str());
            assert_eq!(Fault::parse(fault.as_str()), Some(fault));
        }
        assert_eq!(Fault::parse("gone"), None);
    }

    #[test]
    fn notes_of_the_same_thing_are_one_and_their_number_has_an_end() {
        let mut notes = Vec::new();
        for line in 0..3 {
            add_note(&mut notes, Note::new(line, "Vendor", "is not taken"));
        }
        assert_eq!(notes, [Note { count: 3, ..Note::new(0, "Vendor", "is not taken") }]);
        for column in 0..2 * MAX_NOTES {
            add_note(&mut notes, Note::new(1, format!("Column {column}"), "is not taken"));
        }
        add_note(&mut notes, Note::new(9, "Vendor", "is not taken"));
        assert_eq!((notes.len(), notes[0].count), (MAX_NOTES, 4));
    }
}
