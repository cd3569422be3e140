//! The engine's entrance.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use catalog::OfferBook;
use jiff::SignedDuration;
use kernel::{Ids, SharedClock};
use pg::Db;
use pricing::{PriceBook, PromotionBook};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    batcher::Works,
    caution::Caution,
    gate::Gate,
    metrics::IntakeMetrics,
    placed::Placed,
    request::{PlaceError, PlaceOrder},
    ticket::{Counts, InFlight, Submission, Ticket},
};

/// How the engine is set up.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Requests that may wait; more are refused at once.
    pub queue: usize,
    /// The most orders in one transaction.
    pub batch: usize,
    /// The most transactions at the same time: while one waits for the disk, the next one fills.
    pub batchers: usize,
    /// How long a small batch waits for company while others are under way.
    pub linger: Duration,
    /// How long stock is held for an unpaid order (BR-003).
    pub reservation: SignedDuration,
    /// Unpaid orders that one buyer, or one telephone number, may have open; 0: any number.
    pub hold_limit: u32,
    /// How the warehouses of an order are chosen.
    pub sourcing: inventory::Strategy,
    /// How long a caller waits for an answer before it is told to ask again.
    pub patience: Duration,
    /// How long a batch is tried again while the database is away.
    pub persistence: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queue: 10_000,
            batch: 2_000,
            batchers: 2,
            linger: Duration::from_millis(20),
            reservation: SignedDuration::from_mins(30),
            hold_limit: 0,
            sourcing: inventory::Strategy::default(),
            patience: Duration::from_secs(15),
            persistence: Duration::from_secs(10),
        }
    }
}

/// The engine's entrance. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake {
    queue: mpsc::Sender<Ticket>,
    lane: mpsc::Sender<Ticket>,
    works: Arc<Works>,
}

impl Intake {
    /// Starts the batchers on `tracker`. When `stop` is cancelled nothing more is let in; what is
    /// waiting is still placed and answered before the batchers end.
    pub fn start(
        db: Db,
        clock: SharedClock,
        ids: Ids,
        settings: Settings,
        metrics: IntakeMetrics,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(settings.queue);
        let (lane, sold_out) = mpsc::channel(settings.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        let works = Arc::new(Works {
            db,
            clock,
            ids,
            settings,
            metrics,
            gate: Gate::default(),
            caution: Caution::default(),
            book: OfferBook::default(),
            prices: PriceBook::default(),
            promotions: PromotionBook::default(),
            in_flight: InFlight::default(),
            counts: Arc::new(Counts::default()),
            queue: queue.downgrade(),
            busy: AtomicUsize::new(0),
            ended: Notify::new(),
        });
        for _ in 0..settings.batchers.max(1) {
            tracker.spawn(Arc::clone(&works).run(Arc::clone(&waiting), stop.clone()));
        }
        tracker.spawn(Arc::clone(&works).run_lane(sold_out, stop.clone()));
        Self { queue, lane, works }
    }

    /// Lets a request in, or refuses it at once. Dropping the submission gives up the answer only:
    /// the order may still be placed, and its key still finds it.
    pub fn submit(&self, request: PlaceOrder) -> Result<Submission, PlaceError> {
        let works = &self.works;
        #[cfg(feature = "mutants")]
        let request = crate::mutants::forget_key(request, &works.ids);
        let (ticket, answered) = Ticket::new(request);
        let mut submission = Submission {
            answered,
            counts: Arc::clone(&works.counts),
            number: None,
            patience: works.settings.patience,
        };
        let Some(ticket) = works.in_flight.enter(ticket)? else { return Ok(submission) };
        let key = ticket.request.key;
        let sold_out = works.gate.is_closed_for(&ticket.request);
        let entrance = if sold_out { &self.lane } else { &self.queue };
        if let Err(refused) = entrance.try_send(ticket) {
            drop(works.in_flight.leave([key]));
            let error = match refused {
                mpsc::error::TrySendError::Full(_) => PlaceError::QueueFull,
                mpsc::error::TrySendError::Closed(_) => PlaceError::Unavailable,
            };
            works.metrics.refused(&error);
            return Err(error);
        }
        if !sold_out {
            submission.number = Some(works.counts.enter());
        }
        Ok(submission)
    }

    /// Places an order, or says why not. Dropping the future gives up the answer only.
    pub fn place(
        &self,
        request: PlaceOrder,
    ) -> impl Future<Output = Result<Arc<Placed>, PlaceError>> + Send + use<> {
        // The request goes into the queue at once: whoever waits does not keep another copy of it.
        let submission = self.submit(request);
        async move { submission?.outcome().await }
    }

    /// How many requests are waiting.
    pub fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// How many batches the waiting requests make: what to tell somebody who has to come back.
    pub fn batches_waiting(&self) -> usize {
        self.depth().div_ceil(self.works.settings.batch.max(1))
    }
}
