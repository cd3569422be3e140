//! Pictures as clients load them.

use kernel::LocalizedText;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Image {
    /// Where it is; what lies there never changes.
    #[schema(example = "/media/products/mug-1.webp")]
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: LocalizedText,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Its other sizes, narrowest first, as far as they are made.
    pub renditions: Vec<Rendition>,
}

/// A size of a picture, in two formats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rendition {
    /// Pixels.
    pub width: u32,
    /// Where it is as AVIF; what lies there never changes.
    #[schema(example = "/media/renditions/5d41402abc4b2a76b9719d911017c592-640.avif")]
    pub avif: String,
    /// Where it is as WebP; what lies there never changes.
    #[schema(example = "/media/renditions/5d41402abc4b2a76b9719d911017c592-640.webp")]
    pub webp: String,
}

/// A size as the catalogue keeps it, with keys of objects.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KeptRendition {
    width: u32,
    avif: String,
    webp: String,
}

/// The sizes of a picture, out of a LEFT JOIN.
pub(crate) type KeptRenditions = Option<Json<Vec<KeptRendition>>>;

impl From<KeptRendition> for Rendition {
    fn from(it: KeptRendition) -> Self {
        let (avif, webp) = (format!("/media/{}", it.avif), format!("/media/{}", it.webp));
        Self { width: it.width, avif, webp }
    }
}

/// The columns of a picture, as a LEFT JOIN gives them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageColumns {
    pub key: Option<String>,
    pub alt_zh: Option<String>,
    pub alt_en: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub renditions: KeptRenditions,
}

impl ImageColumns {
    pub(crate) fn into_image(self) -> Option<Image> {
        let pixels = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let made = self.renditions.map(|made| made.0).unwrap_or_default();
        Some(Image {
            url: format!("/media/{}", self.key?),
            alt: LocalizedText::new(
                self.alt_zh.unwrap_or_default(),
                self.alt_en.unwrap_or_default(),
            ),
            width: pixels(self.width),
            height: pixels(self.height),
            renditions: made.into_iter().map(Rendition::from).collect(),
        })
    }
}
