//! Pictures: taken apart within limits, turned upright, and made anew, so that nothing of the file
//! somebody sent is kept: no place where it was taken, no program hidden behind it.
//!
//! Everything here is work for the processor and nothing else: whoever calls it does so on a thread that
//! may be busy for seconds (`spawn_blocking`), and few at a time.
//!
//! *Invariant:* a file is refused before memory is taken for more pixels than [`PIXELS_MAX`].
//! *Invariant:* the same pixels give the same bytes, here and on any other node: a name made of them is
//! the picture's name.

mod colour;
mod decode;
mod encode;
mod sizes;

pub use decode::{PIXELS_MAX, SIDE_MAX, decode};
pub use sizes::{WIDTHS, renditions};

use image::{
    DynamicImage, RgbImage, RgbaImage,
    imageops::{self, FilterType},
};
use thiserror::Error;

/// Why there is no picture.
#[derive(Debug, Error)]
pub enum PictureError {
    /// Neither JPEG nor PNG nor WebP.
    #[error("it is neither JPEG nor PNG nor WebP")]
    NoPicture,
    /// More pixels, or more memory, than anybody may ask for.
    #[error("{width} × {height} pixels are too many")]
    TooLarge {
        /// What the file says.
        width: u32,
        /// What the file says.
        height: u32,
    },
    /// The file cannot be read to its end.
    #[error("it cannot be read: {0}")]
    Broken(#[from] image::ImageError),
    /// An encoder failed.
    #[error("it cannot be written as {0}")]
    Encoder(&'static str),
}

/// A picture as it is worked on: eight bits a channel, sRGB, upright.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Nothing shines through.
    Opaque(RgbImage),
    /// Something does.
    Transparent(RgbaImage),
}

impl Picture {
    /// From whatever it was in.
    fn new(image: DynamicImage) -> Self {
        if !image.color().has_alpha() {
            return Self::Opaque(image.into_rgb8());
        }
        let pixels = image.into_rgba8();
        if pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
            return Self::Opaque(DynamicImage::from(pixels).into_rgb8());
        }
        Self::Transparent(pixels)
    }

    /// Width and height.
    pub fn size(&self) -> (u32, u32) {
        match self {
            Self::Opaque(pixels) => pixels.dimensions(),
            Self::Transparent(pixels) => pixels.dimensions(),
        }
    }

    /// At this width, with the height that belongs to it.
    #[must_use]
    pub fn at_width(&self, width: u32) -> Self {
        self.resized(width, sizes::height_at(self.size(), width))
    }

    fn resized(&self, width: u32, height: u32) -> Self {
        if self.size() == (width, height) {
            return self.clone();
        }
        match self {
            Self::Opaque(pixels) => {
                Self::Opaque(imageops::resize(pixels, width, height, FilterType::Lanczos3))
            }
            Self::Transparent(pixels) => {
                // What cannot be seen has a colour, too, and must not bleed into what can.
                let seen = weighted(pixels.clone());
                let small = imageops::resize(&seen, width, height, FilterType::Lanczos3);
                Self::Transparent(unweighted(small))
            }
        }
    }

    /// With no side longer than this.
    #[must_use]
    pub fn within(self, side: u32) -> Self {
        let (width, height) = self.size();
        let longest = width.max(height);
        if longest <= side {
            return self;
        }
        let fitted = |pixels| sizes::scaled(pixels, side, longest);
        self.resized(fitted(width), fitted(height))
    }

    /// Without what shines through; the rest as it is.
    pub fn into_rgb(self) -> RgbImage {
        match self {
            Self::Opaque(pixels) => pixels,
            Self::Transparent(pixels) => DynamicImage::from(pixels).into_rgb8(),
        }
    }
}

/// Each colour by how much of it can be seen.
fn weighted(mut pixels: RgbaImage) -> RgbaImage {
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let part = |channel: u8| {
            u8::try_from((u32::from(channel) * u32::from(alpha) + 127) / 255).unwrap_or(u8::MAX)
        };
        pixel.0 = [part(red), part(green), part(blue), alpha];
    }
    pixels
}

/// The way back.
fn unweighted(mut pixels: RgbaImage) -> RgbaImage {
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let whole = |channel: u8| {
            let value = (u32::from(channel) * 255 + u32::from(alpha) / 2).checked_div(alpha.into());
            u8::try_from(value.unwrap_or(0)).unwrap_or(u8::MAX)
        };
        pixel.0 = [whole(red), whole(green), whole(blue), alpha];
    }
    pixels
}

/// A picture as the shop keeps it.
#[derive(Clone, Debug)]
pub struct Original {
    /// WebP.
    pub webp: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The longest side of what the shop keeps.
pub const KEPT_MAX: u32 = 2_560;

/// Makes of a file what the shop keeps of it: the picture, and nothing else.
pub fn normalise(file: &[u8]) -> Result<Original, PictureError> {
    let picture = decode(file)?.within(KEPT_MAX);
    let (width, height) = picture.size();
    Ok(Original { webp: picture.to_webp(encode::KEPT_QUALITY)?, width, height })
}

#[cfg(test)]
mod tests;
