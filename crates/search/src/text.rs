//! The words of all documents, in one tantivy segment in memory: its n-th document is our n-th row.

use tantivy::{
    DocId, Index, IndexReader, IndexSettings, ReloadPolicy, Score, Searcher, SegmentOrdinal,
    SegmentReader, TantivyDocument,
    collector::{Collector, SegmentCollector},
    directory::RamDirectory,
    query::Query,
    schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

use crate::{
    document::Document,
    words::{self, Piece},
};

/// What tantivy may use while it gathers; above it nothing breaks, tables only grow.
const MEMORY_FIRST: usize = 15 * 1024 * 1024;

/// Of a description, what stands further behind is not searched.
const LONG_MAX: usize = 2_000;

/// Where words may occur.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// SKUs and the like, whole and in parts.
    pub code: Field,
    /// Names.
    pub name: Field,
    /// What else is said in few words.
    pub about: Field,
    /// Descriptions.
    pub long: Field,
    /// Endings of words of names and codes.
    pub endings: Field,
}

/// The words of all documents.
pub struct TextIndex {
    searcher: Searcher,
    /// Where words may occur.
    pub fields: Fields,
}

impl std::fmt::Debug for TextIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TextIndex of {}", self.searcher.num_docs())
    }
}

impl TextIndex {
    /// Over these documents, in their order.
    pub fn build(documents: &[Document]) -> tantivy::Result<Self> {
        let (schema, fields) = schema();
        let settings =
            IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let mut writer = Index::builder()
            .schema(schema)
            .settings(settings)
            .single_segment_index_writer::<TantivyDocument>(RamDirectory::create(), MEMORY_FIRST)?;
        for document in documents {
            writer.add_document(entry(document, fields))?;
        }
        let index = writer.finalize()?;
        // Nothing will ever be added.
        let reader: IndexReader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { searcher: reader.searcher(), fields })
    }

    /// Whether a word, or one that begins with it, occurs in the field.
    pub fn has_beginning(&self, field: Field, word: &str) -> tantivy::Result<bool> {
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(field)?;
            let mut terms = inverted.terms().range().ge(word.as_bytes()).into_stream()?;
            if terms.advance() && terms.key().starts_with(word.as_bytes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The rows that fit, in their order, each with the query's score.
    pub fn find(&self, query: &dyn Query) -> tantivy::Result<Vec<(DocId, Score)>> {
        self.searcher.search(query, &Everything)
    }
}

fn schema() -> (Schema, Fields) {
    // The text comes as words with spaces between them: `words` has already made them.
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let options = TextOptions::default().set_indexing_options(indexing);
    let mut schema = Schema::builder();
    let mut field = |name: &str| schema.add_text_field(name, options.clone());
    let fields = Fields {
        code: field("code"),
        name: field("name"),
        about: field("about"),
        long: field("long"),
        endings: field("endings"),
    };
    (schema.build(), fields)
}

fn entry(document: &Document, fields: Fields) -> TantivyDocument {
    let texts = document.texts();
    let (mut codes, mut names, mut about, mut long) = (vec![], vec![], vec![], vec![]);
    let mut endings = Vec::new();
    for code in texts.codes {
        words::terms(code, &mut codes);
        let whole = words::compact(code);
        words::endings(&whole, &mut endings);
        codes.push(whole);
    }
    for name in texts.names {
        words::terms(name, &mut names);
        for piece in words::pieces(&words::fold(name)) {
            if let Piece::Word(word) = piece {
                words::endings(&word, &mut endings);
            }
        }
    }
    for text in texts.about {
        words::terms(text, &mut about);
    }
    for text in texts.long {
        let head: String = text.chars().take(LONG_MAX).collect();
        words::terms(&head, &mut long);
    }
    let mut entry = TantivyDocument::default();
    for (field, terms) in [
        (fields.code, codes),
        (fields.name, names),
        (fields.about, about),
        (fields.long, long),
        (fields.endings, endings),
    ] {
        entry.add_text(field, terms.join(" "));
    }
    entry
}

/// Gathers every match.
struct Everything;

/// The matches of the one segment.
struct Matches(Vec<(DocId, Score)>);

impl Collector for Everything {
    type Fruit = Vec<(DocId, Score)>;
    type Child = Matches;

    fn for_segment(&self, _: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<Matches> {
        Ok(Matches(Vec::new()))
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, fruits: Vec<Self::Fruit>) -> tantivy::Result<Self::Fruit> {
        Ok(fruits.into_iter().flatten().collect())
    }
}

impl SegmentCollector for Matches {
    type Fruit = Vec<(DocId, Score)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.0.push((doc, score));
    }

    fn harvest(self) -> Self::Fruit {
        self.0
    }
}
