//! A file that is on its way.

use catalog::{NewImport, Sender};
use jiff::Timestamp;
use kernel::id::ProductImportId;
use pg::{Connection, Db, DbResult};
use serde_json::json;

use crate::{
    fault::BadRow,
    import::Rules,
    reader::{Format, Reader},
};

/// How much of a file is one row.
const PIECE: usize = 256 * 1024;

/// Keeps a file as it arrives, and holds no more of it than a piece. Dropped, it leaves pieces that are
/// forgotten after a while.
#[derive(Debug)]
pub struct Upload<'a> {
    db: &'a Db,
    id: ProductImportId,
    format: Format,
    unreadable: Option<BadRow>,
    pending: Vec<u8>,
    pieces: i32,
    bytes: u64,
    line_ends: u64,
    ends_with_one: bool,
}

impl<'a> Upload<'a> {
    /// Writes down that a file is on its way.
    pub async fn begin(
        db: &'a Db,
        id: ProductImportId,
        (rules, sender): (&Rules, &Sender),
        at: Timestamp,
    ) -> DbResult<Self> {
        let kept = json!(rules);
        let import = NewImport { id, rules: &kept, sender, at };
        catalog::begin_import(&mut *db.acquire().await?, &import).await?;
        Ok(Self {
            db,
            id,
            format: rules.format,
            unreadable: None,
            pending: Vec::new(),
            pieces: 0,
            bytes: 0,
            line_ends: 0,
            ends_with_one: true,
        })
    }

    /// Why this is no file of products, where its first piece shows that already.
    pub const fn unreadable(&self) -> Option<&BadRow> {
        self.unreadable.as_ref()
    }

    /// How much has arrived.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes a piece of the file, of any size.
    pub async fn push(&mut self, piece: &[u8]) -> DbResult<()> {
        let Some(last) = piece.last() else { return Ok(()) };
        let ends = memchr::memchr_iter(b'\n', piece).count();
        self.line_ends += u64::try_from(ends).unwrap_or(u64::MAX);
        self.ends_with_one = *last == b'\n';
        self.bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.pending.extend_from_slice(piece);
        while self.pending.len() >= PIECE {
            let rest = self.pending.split_off(PIECE);
            let whole = std::mem::replace(&mut self.pending, rest);
            self.keep(&whole, false).await?;
        }
        Ok(())
    }

    /// The file is at its end.
    pub async fn finish(&mut self) -> DbResult<()> {
        let rest = std::mem::take(&mut self.pending);
        if rest.is_empty() { Ok(()) } else { self.keep(&rest, true).await }
    }

    /// Lets it be taken, in the caller's transaction; after [`finish`](Self::finish). Whether it is there
    /// still.
    pub async fn queue(&self, conn: &mut Connection, now: Timestamp) -> DbResult<bool> {
        let lines = self.line_ends + u64::from(!self.ends_with_one);
        catalog::queue_import(conn, self.id, (self.bytes, lines), now).await
    }

    /// Forgets what has arrived.
    pub async fn give_up(self) -> DbResult<()> {
        catalog::drop_import(&mut *self.db.acquire().await?, self.id).await
    }

    async fn keep(&mut self, piece: &[u8], is_last: bool) -> DbResult<()> {
        if self.pieces == 0 {
            self.unreadable = why_unreadable(self.format, piece, is_last);
        }
        let mut conn = self.db.acquire().await?;
        catalog::keep_import_piece(&mut conn, self.id, self.pieces, piece).await?;
        self.pieces += 1;
        Ok(())
    }
}

/// Why a file that begins so can be read up to no product.
fn why_unreadable(format: Format, beginning: &[u8], is_all: bool) -> Option<BadRow> {
    let mut reader = Reader::new(format);
    reader.push(beginning);
    if is_all || reader.broken().is_some() {
        reader.finish();
    }
    let is_nothing = reader.take().is_empty();
    reader.broken().filter(|_| is_nothing).cloned()
}
