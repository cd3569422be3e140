//! The pictures of the demo shop, from the program into the object store.

use std::{collections::HashMap, io::Cursor};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use image::ImageReader;
use include_dir::{Dir, include_dir};
use ports::{ObjectKey, ObjectStore};

static IMAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/demo/images");

/// A picture in the store.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its key.
    pub key: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The pictures by their file names.
pub type Pictures = HashMap<&'static str, Picture>;

/// Puts every picture into the store, under `demo/<file>`, unless it is there. Also says the keys under
/// which another picture lay: a program before this one had others.
pub async fn put_all(objects: &ObjectStore) -> Result<(Pictures, Vec<String>)> {
    let (mut pictures, mut replaced) = (Pictures::new(), Vec::new());
    for file in IMAGES.files() {
        let name = file.path().to_str().context("a picture with an odd name")?;
        let is_picture = file.path().extension().is_some_and(|ending| ending == "webp");
        if !is_picture {
            continue;
        }
        let key: ObjectKey = format!("demo/{name}").parse()?;
        let bytes = file.contents();
        let there = objects.get(&key).await?;
        if there.as_ref().is_none_or(|there| there != bytes) {
            objects.put(&key, Bytes::from_static(bytes)).await?;
            replaced.extend(there.map(|_| key.as_str().to_owned()));
        }
        // Only the header is read.
        let (width, height) = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()?
            .into_dimensions()
            .with_context(|| format!("{name} is no picture"))?;
        pictures.insert(name, Picture { key: key.as_str().to_owned(), width, height });
    }
    Ok((pictures, replaced))
}
