//! Files that the shop sends.

use ravif::{BitDepth, Img, RGB8, RGBA8};

use crate::{Picture, PictureError};

/// Of what is kept: nothing is seen of the loss, also when it is made smaller later.
pub const KEPT_QUALITY: f32 = 90.0;
/// Of what pages show.
const WEBP_QUALITY: f32 = 78.0;
const AVIF_QUALITY: f32 = 65.0;
/// From 1 (slow, small) to 10. Beyond this files grow faster than time shrinks.
const AVIF_SPEED: u8 = 7;

impl Picture {
    /// WebP as pages show it.
    pub fn webp(&self) -> Result<Vec<u8>, PictureError> {
        self.to_webp(WEBP_QUALITY)
    }

    pub(crate) fn to_webp(&self, quality: f32) -> Result<Vec<u8>, PictureError> {
        let (width, height) = self.size();
        let encoder = match self {
            Self::Opaque(pixels) => webp::Encoder::from_rgb(pixels.as_raw(), width, height),
            Self::Transparent(pixels) => webp::Encoder::from_rgba(pixels.as_raw(), width, height),
        };
        let file = encoder.encode_simple(false, quality);
        Ok(file.map_err(|_| PictureError::Encoder("WebP"))?.to_vec())
    }

    /// AVIF as pages show it: a third smaller, and a hundred times the work. On the caller's thread alone:
    /// the others have customers.
    pub fn avif(&self) -> Result<Vec<u8>, PictureError> {
        let encoder = ravif::Encoder::new()
            .with_quality(AVIF_QUALITY)
            .with_alpha_quality(AVIF_QUALITY)
            .with_speed(AVIF_SPEED)
            .with_bit_depth(BitDepth::Eight)
            .with_num_threads(Some(1));
        let (width, height) = self.size();
        let side = |pixels: u32| usize::try_from(pixels).unwrap_or(usize::MAX);
        let (width, height) = (side(width), side(height));
        let file = match self {
            Self::Opaque(pixels) => {
                let pixels: Vec<RGB8> = pixels.pixels().map(|it| RGB8::from(it.0)).collect();
                encoder.encode_rgb(Img::new(pixels.as_slice(), width, height))
            }
            Self::Transparent(pixels) => {
                let pixels: Vec<RGBA8> = pixels.pixels().map(|it| RGBA8::from(it.0)).collect();
                encoder.encode_rgba(Img::new(pixels.as_slice(), width, height))
            }
        };
        Ok(file.map_err(|_| PictureError::Encoder("AVIF"))?.avif_file)
    }
}
