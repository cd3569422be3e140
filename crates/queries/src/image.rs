//! Pictures as clients load them.

use kernel::LocalizedText;
use serde::Serialize;
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
}

/// The columns of a picture, as a LEFT JOIN gives them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageColumns {
    pub key: Option<String>,
    pub alt_zh: Option<String>,
    pub alt_en: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
}

impl ImageColumns {
    pub(crate) fn into_image(self) -> Option<Image> {
        let pixels = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        Some(Image {
            url: format!("/media/{}", self.key?),
            alt: LocalizedText::new(
                self.alt_zh.unwrap_or_default(),
                self.alt_en.unwrap_or_default(),
            ),
            width: pixels(self.width),
            height: pixels(self.height),
        })
    }
}
