//! What a query means to the text index, and what each way of fitting is worth.
//!
//! Every word has to fit somewhere. What it is worth hangs on where it stands and how well it fits, and
//! on nothing else: fixed numbers instead of frequencies, because a shop's texts are short, and because
//! numbers that hang on the other documents would move while somebody turns the pages.

use std::ops::Bound;

use tantivy::{
    Term,
    query::{
        BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query,
        RangeQuery, TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

use crate::{
    text::TextIndex,
    words::{self, Piece},
};

/// Words looked for at most; further ones are ignored.
const WORDS_MAX: usize = 8;
/// Pieces of all words together.
const PIECES_MAX: usize = 16;
/// Characters of a run.
const RUN_MAX: usize = 24;

/// What a fit is worth.
mod worth {
    /// A SKU, written out.
    pub const WHOLE_CODE: f32 = 90.0;
    /// A SKU, as far as it was typed.
    pub const CODE_SO_FAR: f32 = 50.0;
    /// A word: exactly, its beginning, mistyped.
    pub const CODE: [f32; 2] = [30.0, 18.0];
    /// In a name.
    pub const NAME: [f32; 3] = [24.0, 16.0, 4.0];
    /// In a line, a category, an option.
    pub const ABOUT: [f32; 3] = [10.0, 7.0, 3.0];
    /// In a description.
    pub const LONG: [f32; 2] = [3.0, 2.0];
    /// Within a word of a name or a code.
    pub const WITHIN: f32 = 5.0;
    /// Two characters side by side, or one alone: in a name, in a line, in a description.
    pub const PAIR: [f32; 3] = [12.0, 5.0, 2.0];
}

type Clause = Box<dyn Query>;

/// The text query for these words; `None` when they hold nothing to look for.
pub fn query(index: &TextIndex, q: &str) -> tantivy::Result<Option<Clause>> {
    let folded = words::fold(q);
    let (mut clauses, mut room) = (Vec::new(), PIECES_MAX);
    for word in folded.split_whitespace().take(WORDS_MAX) {
        let mut pieces = words::pieces(word);
        pieces.truncate(room);
        room -= pieces.len();
        if let Some(clause) = group(index, word, &pieces)? {
            clauses.push((Occur::Must, clause));
        }
    }
    Ok((!clauses.is_empty()).then(|| Box::new(BooleanQuery::new(clauses)) as Clause))
}

/// What stands between two spaces: all of its pieces; or, where it could be one, a code.
fn group(index: &TextIndex, word: &str, pieces: &[Piece]) -> tantivy::Result<Option<Clause>> {
    let fields = index.fields;
    let mut all = Vec::new();
    for piece in pieces {
        all.push((Occur::Must, of_piece(index, piece)?));
    }
    if all.is_empty() {
        return Ok(None);
    }
    let mut ways: Vec<Clause> = vec![Box::new(BooleanQuery::new(all))];
    let compact = words::compact(word);
    if pieces.iter().all(|piece| matches!(piece, Piece::Word(_))) {
        ways.push(exactly(fields.code, &compact, worth::WHOLE_CODE));
        // A letter or two begin too many codes to mean one.
        if compact.chars().count() > 2 {
            ways.push(beginning(fields.code, &compact, worth::CODE_SO_FAR));
            ways.push(beginning(fields.endings, &compact, worth::WITHIN));
        }
    }
    Ok(Some(Box::new(DisjunctionMaxQuery::new(ways))))
}

fn of_piece(index: &TextIndex, piece: &Piece) -> tantivy::Result<Clause> {
    match piece {
        Piece::Word(word) => of_word(index, word),
        Piece::Run(run) => Ok(of_run(index, run)),
    }
}

/// A word, its beginning, or a part of it; and when there is nothing of the kind, what it may have
/// been meant to be.
fn of_word(index: &TextIndex, word: &str) -> tantivy::Result<Clause> {
    let fields = index.fields;
    let mut ways = Vec::new();
    for (field, [exact, begins]) in [
        (fields.code, worth::CODE),
        (fields.name, [worth::NAME[0], worth::NAME[1]]),
        (fields.about, [worth::ABOUT[0], worth::ABOUT[1]]),
        (fields.long, worth::LONG),
    ] {
        ways.push(exactly(field, word, exact));
        ways.push(beginning(field, word, begins));
    }
    let length = word.chars().count();
    if length > 2 {
        ways.push(beginning(fields.endings, word, worth::WITHIN));
    }
    let mut is_known = false;
    for field in [fields.code, fields.name, fields.about, fields.endings] {
        is_known = is_known || index.has_beginning(field, word)?;
    }
    let is_figures = word.chars().all(char::is_numeric);
    if length > 3 && !is_known && !is_figures {
        ways.push(mistyped(fields.name, word, length, worth::NAME[2]));
        ways.push(mistyped(fields.about, word, length, worth::ABOUT[2]));
    }
    Ok(Box::new(DisjunctionMaxQuery::new(ways)))
}

/// Most of the run's pairs, wherever they stand: scripts without spaces do not say where words end,
/// and people leave out and add characters.
fn of_run(index: &TextIndex, run: &[char]) -> Clause {
    let run = &run[..run.len().min(RUN_MAX)];
    let pairs = match run {
        [one] => vec![one.to_string()],
        run => words::pairs(run),
    };
    let fields = index.fields;
    let anywhere = |pair: &String| {
        let places = [(fields.name, 0), (fields.about, 1), (fields.long, 2)];
        let ways = places.map(|(field, at)| exactly(field, pair, worth::PAIR[at]));
        Box::new(DisjunctionMaxQuery::new(ways.into())) as Clause
    };
    let needed = match pairs.len() {
        few @ 0..=2 => few,
        many => (many * 3).div_ceil(5),
    };
    let clauses = pairs.iter().map(|pair| (Occur::Should, anywhere(pair))).collect();
    Box::new(BooleanQuery::with_minimum_required_clauses(clauses, needed))
}

fn exactly(field: Field, word: &str, worth: f32) -> Clause {
    let term = Term::from_field_text(field, word);
    scored(TermQuery::new(term, IndexRecordOption::Basic), worth)
}

/// Words that go on after this one.
fn beginning(field: Field, word: &str, worth: f32) -> Clause {
    let from = Term::from_field_text(field, word);
    // No text that begins with the word comes after this one.
    let end = Term::from_field_text(field, &format!("{word}{}", char::MAX));
    scored(RangeQuery::new(Bound::Included(from), Bound::Excluded(end)), worth)
}

/// One slip in a short word; two in a long one. Letters that changed places are one slip.
fn mistyped(field: Field, word: &str, length: usize, worth: f32) -> Clause {
    let slips = if length < 8 { 1 } else { 2 };
    let term = Term::from_field_text(field, word);
    scored(FuzzyTermQuery::new(term, slips, true), worth)
}

fn scored(query: impl Query, worth: f32) -> Clause {
    Box::new(ConstScoreQuery::new(Box::new(query), worth))
}
