//! What a flash sale asks for beside orders: the product, and no for an answer.

use std::process::Stdio;

use anyhow::Result;
use tokio::process::Command;

use super::{Bench, Figures, Skipped, limits::answered};
use crate::{
    children::{self, Server, clean_command, free_port},
    load::{random::Spread, request::Ask},
    seed,
    stage::RUN,
};

impl Bench {
    /// Orders for a variant of which nothing is left.
    pub(super) async fn sold_out(&mut self) -> Result<Figures> {
        self.stage.copy(RUN).await?;
        let shop = self.stage.shop(RUN, &[]).await?;
        let variants = vec![seed::sold_out()];
        let ask = Ask::Orders { variants, spread: Spread::One, lines: 1 };
        let outcome = children::load(&self.closed(&shop, ask, 409)).await?;
        shop.stop().await?;
        answered(&outcome)?;
        Ok(Figures::of("sold_out", &outcome))
    }

    /// The product as JSON.
    pub(super) async fn product_api(&mut self) -> Result<Figures> {
        self.stage.copy(RUN).await?;
        let shop = self.stage.shop(RUN, &[]).await?;
        let ask = Ask::Read { path: format!("/api/products/{}", seed::PRODUCT), compressed: false };
        let outcome = children::load(&self.closed(&shop, ask, 200)).await?;
        shop.stop().await?;
        answered(&outcome)?;
        Ok(Figures::of("product_api", &outcome))
    }

    /// The product's page, through the shop as browsers see it: rendered each time, or kept in
    /// `cache` MiB and compressed.
    pub(super) async fn product_page(
        &mut self,
        row: &'static str,
        cache: &str,
        compressed: bool,
    ) -> Result<Result<Figures, Skipped>> {
        let script = self.stage.web().join("server.js");
        let built = self.stage.web().join("build/handler.js");
        if !script.is_file() || !built.is_file() {
            let why = "the storefront is not built: scripts/web.sh build".to_owned();
            return Ok(Err(Skipped::Impossible(why)));
        }
        let node = std::env::var_os("OXCART_NODE").unwrap_or_else(|| "node".into());
        let version = Command::new(&node).arg("--version").output().await;
        if !version.is_ok_and(|output| output.status.success()) {
            return Ok(Err(Skipped::Impossible("Node.js is not here".to_owned())));
        }
        self.stage.copy(RUN).await?;
        let port = free_port().await?;
        let web_url = format!("http://127.0.0.1:{port}");
        let shop = self
            .stage
            .shop(RUN, &[("OXCART_WEB_URL", web_url), ("OXCART_PAGE_CACHE_MIB", cache.to_owned())])
            .await?;
        let mut command = clean_command(node.as_ref());
        command
            .arg(script.canonicalize()?)
            .env("NODE_ENV", "production")
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .env("ORIGIN", format!("http://{}", shop.address))
            .env("OXCART_API_URL", format!("http://{}", shop.address))
            .stderr(Stdio::null());
        let storefront = Server::program(command, port, "/_health").await?;
        let ask = Ask::Read { path: format!("/products/{}", seed::PRODUCT), compressed };
        let mut load = self.closed(&shop, ask, 200);
        load.connections = load.connections.min(256);
        load.watched.push(storefront.pid);
        let outcome = children::load(&load).await?;
        shop.stop().await?;
        storefront.stop().await?;
        answered(&outcome)?;
        Ok(Ok(Figures::of(row, &outcome)))
    }
}
