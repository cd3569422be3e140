//! A file that is taken in the background, step by step.

use std::collections::VecDeque;

use catalog::{
    CatalogError, EditContext, ImportClaim, ImportFailure, ImportProgress, ImportRow, ImportSums,
    ProductImport,
};
use kernel::{id::ProductImportId, later};
use pg::{Backoff, DbError, DbResult, Transaction, retry_when};

use super::{
    hand::{Batch, Done, Hand, State, kept},
    rules_of,
    runner::{PAUSE, Runner, TRIES_MAX},
    taken_notes, tally_of,
};
use crate::{
    BATCH,
    alone::again,
    fault::add_note,
    reader::{Read, Reader},
    work::{Later, Work},
};

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// The file is over.
    Over(End),
}

/// How a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was taken.
    Done,
    /// It was not taken, and is not tried again.
    Failed,
    /// It is somebody else's by now, or nobody wants the rest of it.
    Lost,
}

impl End {
    /// The word for counting them.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }
}

/// A file whose claim is ours. What a step has done is committed, unless the file stands or falls as a
/// whole; dropped in between, it is gone on with where it was when the claim has run out. After an error
/// it is to be given back: [`put_off`](Self::put_off).
pub struct Job<'a> {
    runner: &'a Runner,
    claim: ImportClaim,
    /// As it was found.
    import: ProductImport,
    /// From the first step on.
    taking: Option<Taking<'a>>,
}

/// A file that is being taken.
struct Taking<'a> {
    hand: Hand<'a>,
    /// Lines of the file.
    lines: u64,
    reader: Reader,
    next_piece: i32,
    /// Bytes of the pieces that are still to come.
    unread: u64,
    is_read: bool,
    /// Products that were done before; they are read over.
    skip: u64,
    waiting: VecDeque<Read>,
    state: State,
    whole: Option<Whole>,
}

/// A file that stands or falls.
struct Whole {
    tx: Transaction,
    rows: Vec<ImportRow>,
    later: VecDeque<Later>,
    /// Products of which only what goes with them was different.
    related: u64,
}

impl<'a> Job<'a> {
    pub(super) const fn new(runner: &'a Runner, claim: ImportClaim, import: ProductImport) -> Self {
        Self { runner, claim, import, taking: None }
    }

    /// Which file it is.
    pub const fn id(&self) -> ProductImportId {
        self.claim.id
    }

    /// Does the next batch.
    pub async fn step(&mut self) -> Result<Step, CatalogError> {
        if self.claim.tries > TRIES_MAX {
            return give_up(self.runner, &self.claim, &self.import).await;
        }
        let taking = match &mut self.taking {
            Some(taking) => taking,
            None => self.taking.insert(Taking::new(self.runner, self.claim, &self.import)?),
        };
        taking.step().await
    }

    /// Gives the file back as it is: the shop is closing, and somebody else may begin at once.
    pub async fn let_go(self) -> DbResult<()> {
        self.give_back(false).await
    }

    /// Gives the file back after an error; it is tried again in a moment.
    pub async fn put_off(self) -> DbResult<()> {
        self.give_back(true).await
    }

    async fn give_back(self, is_counted: bool) -> DbResult<()> {
        let Self { runner, claim, taking, .. } = self;
        if let Some(whole) = taking.and_then(|it| it.whole) {
            // Whatever comes of it: the connection is given up with it.
            whole.tx.rollback().await.ok();
        }
        let now = runner.clock.now();
        let at = if is_counted { later(now, PAUSE) } else { now };
        let mut conn = runner.db.acquire().await?;
        catalog::let_import_go(&mut conn, &claim, at, is_counted).await?;
        Ok(())
    }
}

impl<'a> Taking<'a> {
    fn new(runner: &'a Runner, claim: ImportClaim, import: &ProductImport) -> DbResult<Self> {
        let rules = rules_of(import)?;
        // Of a file that stands or falls, nothing stands yet.
        let state = if rules.is_whole() {
            State::default()
        } else {
            State { sums: import.sums, taken_notes: taken_notes(import)?, ..State::default() }
        };
        let reader = Reader::new(rules.format);
        let context = EditContext { clock: &*runner.clock, ids: &runner.ids };
        let work = Work { rules, context };
        Ok(Self {
            hand: Hand { runner, claim, sender: import.sender.clone(), work },
            lines: import.lines,
            reader,
            next_piece: 0,
            unread: import.bytes,
            is_read: false,
            skip: state.sums.products(),
            waiting: VecDeque::new(),
            state,
            whole: None,
        })
    }

    async fn step(&mut self) -> Result<Step, CatalogError> {
        if !self.fill().await? {
            return self.hand.without_pieces(self.unread).await;
        }
        let count = self.waiting.len().min(BATCH);
        let batch: Batch = self.waiting.drain(..count).collect();
        match (count, self.hand.work.rules.is_whole()) {
            (0, false) => self.relate().await,
            (0, true) => self.relate_whole().await,
            (_, false) => self.save(&batch).await,
            (_, true) => self.save_whole(&batch).await,
        }
    }

    /// Reads until there is a batch, or the file is at its end. Not, when there should be more of it.
    async fn fill(&mut self) -> DbResult<bool> {
        while self.waiting.len() < BATCH && !self.is_read {
            let mut conn = self.hand.runner.db.acquire().await?;
            let id = self.hand.claim.id;
            if let Some(piece) = catalog::import_piece(&mut conn, id, self.next_piece).await? {
                self.next_piece += 1;
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                self.unread = self.unread.saturating_sub(length);
                self.reader.push(&piece);
            } else if self.unread > 0 {
                return Ok(false);
            } else {
                self.is_read = true;
                self.reader.finish();
            }
            for read in self.reader.take() {
                if self.skip > 0 {
                    self.skip -= 1;
                } else {
                    self.waiting.push_back(read);
                }
            }
            for note in self.reader.take_notes() {
                add_note(&mut self.state.read_notes, note);
            }
        }
        Ok(true)
    }

    async fn save(&mut self, batch: &Batch) -> Result<Step, CatalogError> {
        let (hand, before) = (&self.hand, &self.state);
        let work = || hand.save_once(batch, before);
        let done = retry_when(Backoff::EDIT, &hand.runner.ids, again, work).await?;
        self.advanced(done).await
    }

    async fn relate(&mut self) -> Result<Step, CatalogError> {
        let (hand, before) = (&self.hand, &self.state);
        let work = || hand.relate_once(before);
        let done = retry_when(Backoff::EDIT, &hand.runner.ids, again, work).await?;
        self.advanced(done).await
    }

    async fn advanced(&mut self, done: Done) -> Result<Step, CatalogError> {
        match done {
            Done::Advanced(state) => {
                self.state = state;
                Ok(Step::More)
            }
            Done::Lost => Ok(Step::Over(End::Lost)),
            Done::Nothing => self.end().await,
        }
    }

    async fn save_whole(&mut self, batch: &Batch) -> Result<Step, CatalogError> {
        let mut whole = match self.whole.take() {
            Some(whole) => whole,
            None => Whole::new(self.hand.runner.db.begin().await?),
        };
        let outcome = self.hand.attempt(&mut whole.tx, batch).await?;
        let (state, rows) = self.state.after(batch, &outcome);
        whole.rows.extend(rows);
        whole.later.extend(outcome.later);
        self.hold(whole, state).await
    }

    async fn relate_whole(&mut self) -> Result<Step, CatalogError> {
        let Some(mut whole) = self.whole.take() else { return self.end().await };
        let count = whole.later.len().min(BATCH);
        let later: Vec<Later> = whole.later.drain(..count).collect();
        if later.is_empty() {
            self.whole = Some(whole);
            return self.end().await;
        }
        let outcome = self.hand.work.relate(&mut whole.tx, &later).await?;
        whole.related += outcome.related;
        let state = self.state.noting(&outcome.notes);
        self.hold(whole, state).await
    }

    /// Says beside the transaction how far it has come: others see it, and know that somebody is at it.
    async fn hold(&mut self, whole: Whole, state: State) -> Result<Step, CatalogError> {
        let mut conn = self.hand.runner.db.acquire().await?;
        if !self.hand.advance(&mut conn, &state, false).await? {
            return Ok(Step::Over(End::Lost));
        }
        self.state = state;
        self.whole = Some(whole);
        Ok(Step::More)
    }

    /// The file is at its end: what stands or falls is decided.
    async fn end(&mut self) -> Result<Step, CatalogError> {
        let mut state = self.state.clone();
        let broken = self.reader.broken();
        let mut rows = kept(state.sums.bad_rows, broken);
        match broken {
            Some(_) => state.sums.bad_rows += 1,
            None => state.sums.lines_read = self.lines,
        }
        let is_complete = broken.is_none();
        let rules = &self.hand.work.rules;
        let is_clean = is_complete && state.sums.refused == 0;
        let failure = if !is_complete && state.sums.products() == 0 {
            Some(ImportFailure::Unreadable)
        } else if rules.strict && !rules.dry_run && !is_clean {
            Some(ImportFailure::BadRows)
        } else {
            None
        };
        let is_written = !rules.dry_run && failure.is_none();
        let mut tx = match self.whole.take() {
            Some(mut whole) if is_written => {
                let done = tally_of(&state.sums);
                if done.wrote() || whole.related > 0 {
                    self.hand.record(&mut whole.tx, &done).await?;
                }
                whole.tx
            }
            Some(whole) => {
                rows = whole.rows.into_iter().chain(rows).collect();
                whole.tx.rollback().await.map_err(DbError::from)?;
                self.hand.runner.db.begin().await?
            }
            None => self.hand.runner.db.begin().await?,
        };
        let end = (failure, is_complete);
        if !self.hand.finish(&mut tx, &state, is_written, end).await? {
            return Ok(Step::Over(End::Lost));
        }
        catalog::add_import_rows(&mut tx, self.hand.claim.id, &rows).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(Step::Over(if failure.is_some() { End::Failed } else { End::Done }))
    }
}

impl Whole {
    const fn new(tx: Transaction) -> Self {
        Self { tx, rows: Vec::new(), later: VecDeque::new(), related: 0 }
    }
}

/// It was tried often enough. What was written stays, and so does what is known of it: it may be this
/// program that cannot read it.
async fn give_up(
    runner: &Runner,
    claim: &ImportClaim,
    import: &ProductImport,
) -> Result<Step, CatalogError> {
    // Of a file that stands or falls, nothing stands.
    let sums = if import.is_written { import.sums } else { ImportSums::default() };
    let progress = ImportProgress {
        sums: &sums,
        read_notes: &import.read_notes,
        taken_notes: &import.taken_notes,
        is_written: import.is_written,
    };
    let (end, now) = ((Some(ImportFailure::Internal), false), runner.clock.now());
    let mut tx = runner.db.begin().await?;
    if !catalog::finish_import(&mut tx, claim, &progress, end, now).await? {
        return Ok(Step::Over(End::Lost));
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(Step::Over(End::Failed))
}
