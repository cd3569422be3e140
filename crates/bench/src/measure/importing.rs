//! A file of ten thousand products, as Shopify exports them, into the shop by its own command: once when
//! all of them are new, and once again when nothing is.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::time::Instant;

use super::{Bench, Figures};
use crate::stage::RUN;

/// Products, with three variants each.
const PRODUCTS: usize = 10_000;
const SIZES: [&str; 3] = ["S", "M", "L"];

impl Bench {
    /// Seconds until all is committed. The program is told of a product that is refused, and fails.
    pub(super) async fn importing(&mut self) -> Result<Figures> {
        self.stage.copy(RUN).await?;
        let text = file()?;
        let path = self.stage.data().join("products.csv");
        tokio::fs::write(&path, &text).await.with_context(|| path.display().to_string())?;
        let name = path.to_str().context("an odd path")?;
        let words = ["import", "products", name, "--create-categories"];
        let began = Instant::now();
        self.stage.run(RUN, &words).await?;
        let first = began.elapsed().as_secs_f64();
        let began = Instant::now();
        self.stage.run(RUN, &words).await?;
        let again = began.elapsed().as_secs_f64();
        let detail =
            json!({"products": PRODUCTS, "variants": PRODUCTS * SIZES.len(), "bytes": text.len()});
        let rows = vec![("import_products_s", first), ("import_products_again_s", again)];
        Ok(Figures { rows, detail })
    }
}

/// The same file each time.
fn file() -> Result<String> {
    let mut text =
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,\
                    Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,\
                    Variant Compare At Price,Variant Barcode,Image Src,Image Position,Status\r\n"
            .to_owned();
    for n in 0..PRODUCTS {
        let words = "手工製作的日常用品，耐用、好看，也很好整理。 ".repeat(8);
        for (place, size) in (1..).zip(SIZES) {
            let (price, before) = (100 + n % 2_900, 150 + n % 2_900);
            let first = if place == 1 {
                let body = format!("\"<h3>第 {n} 件</h3>\r\n<p>{words}<strong>{n}</strong></p>\"");
                let shelf = n % 20;
                format!("商品 {n},{body},工坊,shelf-{shelf},\"gift, season-{}\",true,尺寸", n % 7)
            } else {
                ",,,,,,".into()
            };
            let image = format!("https://cdn.example/{n}-{place}.jpg,{place}");
            let status = if place == 1 { "active" } else { "" };
            write!(
                text,
                "product-{n:05},{first},{size},B{n:05}-{size},250.0,5,{price}.00,{before}.00,,{image},{status}\r\n"
            )?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_as_large_as_it_says() {
        let text = file().unwrap();
        let rows = text.matches("\r\nproduct-").count();
        assert_eq!(rows, PRODUCTS * SIZES.len());
    }
}
