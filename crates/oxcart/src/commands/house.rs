//! What a running shop consists of, and how it is ended: in the opposite order of its making.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use ecpay_simulator::Simulator;
use pg::private::PrivateServer;
use telemetry::Metrics;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    compose::{CLOSE_TIME, Shop},
    routes::Front,
    supervise::{Lifecycle, Storefront, http, lifecycle::say},
};

/// How long requests in progress may take: more than the order engine's patience, so that whoever
/// waits for an order has an answer. Streams end at once, and clients that dawdle meet their limits.
const REQUESTS_TIME: Duration = Duration::from_secs(20);
const STOREFRONT_TIME: Duration = Duration::from_secs(8);
const POSTGRES_TIME: Duration = Duration::from_mins(1);

/// Everything that has to be ended.
#[derive(Default)]
pub struct House {
    /// The private database server, with the worker that looks after it.
    pub postgres: Option<Arc<PrivateServer>>,
    /// The SvelteKit server.
    pub storefront: Option<Storefront>,
    /// The stand-in for ECPay.
    pub simulator: Option<Simulator>,
    /// The API's workers.
    pub shop: Option<Shop>,
    server: Option<JoinHandle<()>>,
    tasks: TaskTracker,
    watching: CancellationToken,
}

impl House {
    /// Looks after the private database server from now on.
    pub fn watch_postgres(&mut self, postgres: Arc<PrivateServer>) {
        let (watched, watching) = (Arc::clone(&postgres), self.watching.clone());
        self.tasks.spawn(async move { watched.watch(&watching).await });
        self.postgres = Some(postgres);
    }

    /// Opens the door.
    pub fn serve(
        &mut self,
        listener: TcpListener,
        app: Front,
        limits: http::Limits,
        life: &Lifecycle,
    ) {
        let metrics = self.shop.as_ref().map_or_else(Metrics::new, |shop| shop.metrics.clone());
        let serving = http::serve(listener, app, limits, metrics, life.stop.clone());
        self.server = Some(self.tasks.spawn(serving));
    }

    /// Waits until the program is to stop; an error when the door closed by itself.
    pub async fn live(&mut self, life: &Lifecycle) -> Result<()> {
        let Some(server) = &mut self.server else { return Ok(()) };
        let ended = tokio::select! {
            () = life.stop.cancelled() => return Ok(()),
            ended = server => ended,
        };
        self.server = None;
        ended.context("the server broke")?;
        if life.stop.is_cancelled() { Ok(()) } else { bail!("the server stopped listening") }
    }

    /// Ends everything: no more requests, those in progress, the waiting orders, the workers, the
    /// processes; the database last.
    pub async fn close(mut self, life: &Lifecycle) -> Result<()> {
        life.stop.cancel();
        let was_open = self.server.is_some() || self.postgres.is_some();
        if let Some(shop) = &self.shop {
            shop.end_streams();
        }
        if let Some(mut server) = self.server.take()
            && !life.wait(REQUESTS_TIME, &mut server).await
        {
            tracing::info!("some connections were still open and are cut off");
            server.abort();
        }
        if let Some(shop) = self.shop.take()
            && !life.wait(CLOSE_TIME, shop.close()).await
        {
            tracing::warn!("background work did not end in time");
        }
        let storefront = async {
            if let Some(storefront) = self.storefront.take() {
                life.wait(STOREFRONT_TIME, storefront.stop()).await;
            }
        };
        let simulator = async {
            if let Some(simulator) = self.simulator.take() {
                life.wait(STOREFRONT_TIME, simulator.stop()).await;
            }
        };
        tokio::join!(storefront, simulator);
        self.watching.cancel();
        if let Some(postgres) = self.postgres.take() {
            let stopped = tokio::select! {
                stopped = postgres.stop_within(POSTGRES_TIME) => stopped,
                () = life.hurry.cancelled() => postgres.stop_within(Duration::from_secs(1)).await,
            };
            stopped.context("could not stop PostgreSQL")?;
        }
        if was_open {
            say("Stopped. Everything is saved.");
        }
        Ok(())
    }
}
