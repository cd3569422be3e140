//! Reading a product CSV: several rows in a row are one product, by their handle.

use std::collections::{HashMap, HashSet};

use catalog::{Barcode, Description};
use csv_text::{ByteRecord, Records, meant};
use kernel::Money;

use crate::{
    MAX_RECORD, MAX_ROWS,
    cells::{self, truth},
    columns::{Column, OPTIONS},
    fault::{BadRow, Fault, Note, add_note},
    reader::{Content, Item, Read},
};

/// A product as its rows say; what no column says is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetProduct {
    pub title: Option<String>,
    pub body: Option<String>,
    pub category: Option<String>,
    pub tags: Option<Vec<String>>,
    pub published: Option<bool>,
    pub status: Option<SheetStatus>,
    /// Without gaps; none: no row names any.
    pub option_names: Vec<String>,
    pub variants: Vec<SheetVariant>,
    pub images: Vec<SheetImage>,
}

/// The words of the column Status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetStatus {
    Active,
    Draft,
    Archived,
}

/// What stands where something may stand or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<T> {
    /// There is no such column: it stays as it is.
    NoColumn,
    /// There is nothing in it.
    Empty,
    Is(T),
}

impl<T> Cell<T> {
    fn new(has_column: bool, value: Option<T>) -> Self {
        match value {
            Some(value) => Self::Is(value),
            None if has_column => Self::Empty,
            None => Self::NoColumn,
        }
    }

    /// What it is from now on.
    pub fn or(self, former: Option<T>) -> Option<T> {
        match self {
            Self::NoColumn => former,
            Self::Empty => None,
            Self::Is(value) => Some(value),
        }
    }
}

/// A row with a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetVariant {
    pub line: u64,
    pub options: Vec<String>,
    pub sku: Option<String>,
    pub price: Option<Money>,
    pub compare_at: Cell<Money>,
    pub grams: Option<u32>,
    pub barcode: Cell<Barcode>,
    pub image: Option<String>,
}

/// A row with a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetImage {
    pub line: u64,
    pub source: String,
    pub position: Option<u32>,
    pub alt: Option<String>,
}

/// The most letters of a column's name that are told.
const NAME_MAX: usize = 200;

/// The first line.
#[derive(Debug)]
struct Head {
    names: Vec<String>,
    places: HashMap<Column, usize>,
}

/// The rows of a product so far.
#[derive(Debug)]
struct Group {
    line: u64,
    handle: String,
    slug: String,
    rows: usize,
    product: SheetProduct,
    faults: Vec<BadRow>,
}

/// Takes a file in pieces of any size, and holds no more of it than a product.
#[derive(Debug, Default)]
pub struct SheetReader {
    records: Records,
    head: Option<Head>,
    group: Option<Group>,
    /// The slugs of the file: a product's rows stand together.
    seen: HashSet<String>,
    pub ready: Vec<Read>,
    pub notes: Vec<Note>,
    pub broken: Option<BadRow>,
}

impl SheetReader {
    /// Takes a piece.
    pub fn push(&mut self, piece: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        let mut records = std::mem::take(&mut self.records);
        records.push(piece, |line, record| self.take(line, record));
        if records.held() > MAX_RECORD {
            let detail = "is longer than 4 MiB: is a quotation mark not closed?";
            self.give_up(records.line(), "", Fault::TooLong, detail);
        }
        self.records = records;
    }

    /// The file is at its end.
    pub fn finish(&mut self) {
        if self.broken.is_none() {
            let mut records = std::mem::take(&mut self.records);
            records.finish(|line, record| self.take(line, record));
        }
        if let (Some(broken), Some(group)) = (&self.broken, &mut self.group) {
            // Nobody knows whether more of its rows would have come.
            group.faults.push(broken.clone());
        }
        self.close_group();
        if self.head.is_none() && self.broken.is_none() {
            self.give_up(1, "", Fault::Unreadable, "has no lines; the first names the columns");
        }
    }

    fn give_up(&mut self, line: u64, column: &str, code: Fault, message: &str) {
        let (column, message) = (column.to_owned(), message.to_owned());
        self.broken = Some(BadRow { line, column, code, message, product: String::new() });
    }

    fn take(&mut self, line: u64, record: &ByteRecord) {
        if self.broken.is_some() {
            return;
        }
        let Some(head) = self.head.take() else {
            return self.head(line, record);
        };
        if record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
            self.row(line, &head, record);
        }
        self.head = Some(head);
    }

    fn head(&mut self, line: u64, record: &ByteRecord) {
        let names: Vec<String> = record.iter().map(column_name).collect();
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            match Column::named(name) {
                Some(column) if places.contains_key(&column) => {
                    return self.give_up(line, name, Fault::Twice, "is there twice");
                }
                Some(column) => {
                    places.insert(column, place);
                }
                None => add_note(&mut self.notes, Note::new(line, name, Column::left_out(name))),
            }
        }
        if !places.contains_key(&Column::Handle) {
            let detail = "there is no column `Handle`: is this a product CSV, with commas?";
            return self.give_up(line, "Handle", Fault::Unreadable, detail);
        }
        self.head = Some(Head { names, places });
    }

    fn row(&mut self, line: u64, head: &Head, record: &ByteRecord) {
        let mut row = Row { line, head, record, faults: Vec::new() };
        let handle = row.text(Column::Handle).unwrap_or_default();
        if handle.is_empty() {
            row.wrong(Column::Handle, Fault::Missing, "every row needs its product's handle");
            let (slug, faults) = (String::new(), row.faults);
            self.ready.push(Read::Refused { slug, faults });
            return;
        }
        if self.group.as_ref().is_none_or(|group| group.handle != handle) {
            self.close_group();
            let slug = cells::slug(&handle);
            let is_new = self.seen.insert(slug.clone());
            let product = SheetProduct::default();
            let mut group = Group { line, handle, slug, rows: 0, product, faults: Vec::new() };
            if !is_new {
                let detail = "had rows before: the rows of a product have to follow one another";
                group.faults.push(row.bad(Column::Handle, Fault::Twice, detail));
            }
            self.group = Some(group);
        }
        let Some(group) = &mut self.group else { return };
        group.rows += 1;
        if group.rows > MAX_ROWS {
            // Once is enough, and no more of it is held.
            if group.rows == MAX_ROWS + 1 {
                group.faults.push(row.bad(Column::Handle, Fault::TooMany, "has too many rows"));
            }
            return;
        }
        row.read(&mut group.product, &mut self.notes);
        group.faults.append(&mut row.faults);
    }

    /// No more rows of this product come.
    fn close_group(&mut self) {
        let Some(mut group) = self.group.take() else { return };
        let slug = std::mem::take(&mut group.slug);
        if slug != group.handle {
            let detail = "is no slug: one was made of it";
            add_note(&mut self.notes, Note::new(group.line, "Handle", detail));
        }
        if !group.faults.is_empty() {
            for fault in &mut group.faults {
                fault.product.clone_from(&slug);
            }
            self.ready.push(Read::Refused { slug, faults: group.faults });
            return;
        }
        without_default_option(&mut group.product);
        let content = Content::Sheet(Box::new(group.product));
        self.ready.push(Read::Item(Item { line: group.line, slug, content }));
    }
}

/// As it is told in reports. No column that is known has so long a name, or one with a NUL.
fn column_name(cell: &[u8]) -> String {
    let name = String::from_utf8_lossy(cell);
    name.trim().chars().filter(|letter| *letter != '\0').take(NAME_MAX).collect()
}

/// A product without options has one in Shopify's files, of this name and value.
fn without_default_option(product: &mut SheetProduct) {
    let is_default = |variant: &SheetVariant| variant.options == ["Default Title"];
    if product.option_names == ["Title"] && product.variants.iter().all(is_default) {
        product.option_names.clear();
        for variant in &mut product.variants {
            variant.options.clear();
        }
    }
}

/// A row and what is wrong in it.
struct Row<'a> {
    line: u64,
    head: &'a Head,
    record: &'a ByteRecord,
    faults: Vec<BadRow>,
}

impl Row<'_> {
    fn bad(&self, column: Column, code: Fault, message: impl Into<String>) -> BadRow {
        let place = self.head.places.get(&column);
        let name = place.and_then(|place| self.head.names.get(*place));
        BadRow {
            line: self.line,
            column: name.cloned().unwrap_or_default(),
            code,
            message: message.into(),
            product: String::new(),
        }
    }

    fn wrong(&mut self, column: Column, code: Fault, message: impl Into<String>) {
        let bad = self.bad(column, code, message);
        self.faults.push(bad);
    }

    /// What stands there; nothing: there is no such column.
    fn text(&mut self, column: Column) -> Option<String> {
        let place = *self.head.places.get(&column)?;
        let cell = self.record.get(place).unwrap_or_default();
        let text = std::str::from_utf8(cell).ok().filter(|text| !text.contains('\0'));
        if text.is_none() {
            self.wrong(column, Fault::Encoding, "is not UTF-8 text");
        }
        Some(meant(text.unwrap_or_default().trim()).trim().to_owned())
    }

    /// What stands there on one line, if anything.
    fn line_of(&mut self, column: Column) -> Option<String> {
        let text = self.text(column).filter(|text| !text.is_empty())?;
        if text.chars().any(char::is_control) {
            self.wrong(column, Fault::Encoding, "holds line ends or other control characters");
        }
        Some(text)
    }

    /// What stands there, read by `read`; an empty cell is nothing.
    fn value<T>(
        &mut self,
        column: Column,
        code: Fault,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let text = self.line_of(column)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.wrong(column, code, message);
                None
            }
        }
    }

    /// Adds what the row says to the product.
    fn read(&mut self, product: &mut SheetProduct, notes: &mut Vec<Note>) {
        let (is, wanted) = (self.record.len(), self.head.names.len());
        if is != wanted {
            let name = self.head.names.get(is.min(wanted).saturating_sub(1));
            let column = name.cloned().unwrap_or_default();
            let message = format!("the row has {is} cells, and the first line has {wanted}");
            let (line, product) = (self.line, String::new());
            self.faults.push(BadRow { line, column, code: Fault::Cells, message, product });
            return;
        }
        let is_first = product.title.is_none();
        if is_first {
            self.read_product(product);
        }
        if let Some(variant) = self.variant(notes) {
            product.variants.push(variant);
        }
        if let Some(source) = self.line_of(Column::ImageSrc) {
            let position = self.value(Column::ImagePosition, Fault::Number, |text| {
                text.parse().map_err(|_| "must be a whole number from 0")
            });
            let alt = self.line_of(Column::ImageAlt);
            product.images.push(SheetImage { line: self.line, source, position, alt });
        }
    }

    /// What stands in the first row of a product, for all of it.
    fn read_product(&mut self, product: &mut SheetProduct) {
        // Also without a column or a text: the product has had its first row.
        product.title = Some(self.line_of(Column::Title).unwrap_or_default());
        product.body = self.text(Column::Body);
        if product.body.as_ref().is_some_and(|it| it.chars().count() > Description::HTML_MAX) {
            self.wrong(Column::Body, Fault::TooLong, "has at most 60000 characters");
        }
        let path = self.line_of(Column::Category);
        let last = |path: String| path.rsplit('>').next().map(|it| it.trim().to_owned());
        product.category = self.line_of(Column::Type).or_else(|| path.and_then(last));
        product.tags = self.text(Column::Tags).map(|text| tags(&text));
        product.published = self.value(Column::Published, Fault::Word, |text| {
            truth(text).ok_or("must be TRUE or FALSE")
        });
        product.status = self.value(Column::Status, Fault::Word, |text| {
            match text.to_ascii_lowercase().as_str() {
                "active" => Ok(SheetStatus::Active),
                // Reached by its address alone: the catalogue knows no such state.
                "draft" | "unlisted" => Ok(SheetStatus::Draft),
                "archived" => Ok(SheetStatus::Archived),
                _ => Err("must be active, draft, unlisted or archived"),
            }
        });
        for place in 0..OPTIONS {
            let Some(name) = self.line_of(Column::OptionName(place)) else { break };
            product.option_names.push(name);
        }
    }

    /// The variant of this row; one with a picture alone has none.
    fn variant(&mut self, notes: &mut Vec<Note>) -> Option<SheetVariant> {
        let mut options: Vec<String> = (0..OPTIONS)
            .map(|place| self.line_of(Column::OptionValue(place)).unwrap_or_default())
            .collect();
        while options.last().is_some_and(String::is_empty) {
            options.pop();
        }
        let sku = self.line_of(Column::Sku);
        let price = self.value(Column::Price, Fault::Number, cells::price);
        let priced = self.text(Column::Price).is_some_and(|it| !it.is_empty());
        if options.is_empty() && sku.is_none() && !priced {
            return None;
        }
        let compare_at = self.value(Column::CompareAt, Fault::Number, cells::price);
        // Shopify shows none that is not above the price, and keeps it all the same.
        let above = compare_at.filter(|it| price.is_none_or(|price| *it > price));
        if compare_at.is_some_and(|it| it.amount() > 0) && above.is_none() {
            let detail = "is not above the price: left out";
            add_note(notes, Note::new(self.line, self.name(Column::CompareAt), detail));
        }
        let barcode = self.barcode();
        let is_there = |column| self.head.places.contains_key(&column);
        Some(SheetVariant {
            line: self.line,
            options,
            sku,
            price,
            compare_at: Cell::new(is_there(Column::CompareAt), above.filter(|it| it.amount() > 0)),
            barcode: Cell::new(is_there(Column::Barcode), barcode),
            grams: self.value(Column::Grams, Fault::Number, cells::grams),
            image: self.line_of(Column::VariantImage),
        })
    }

    fn barcode(&mut self) -> Option<Barcode> {
        self.value(Column::Barcode, Fault::Rule, |text| {
            // An apostrophe keeps spreadsheets from making a number of it.
            let code = text.strip_prefix('\'').unwrap_or(text);
            Barcode::new(code).map_err(|_| "is not a bar code: is a digit wrong?")
        })
    }

    fn name(&self, column: Column) -> String {
        self.bad(column, Fault::Rule, "").column
    }
}

/// Tags with commas between them, each once.
fn tags(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    text.split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty() && seen.insert(tag.to_lowercase()))
        .map(str::to_owned)
        .collect()
}
