//! Files that people send.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use crate::{Picture, PictureError, colour};

/// The widest and highest picture that is looked at.
pub const SIDE_MAX: u32 = 12_000;
/// The most pixels of one: what a good telephone takes.
pub const PIXELS_MAX: u64 = 50_000_000;
/// The most memory one may take while it is taken apart.
const MEMORY_MAX: u64 = 256 * 1024 * 1024;

/// Takes a file apart: JPEG, PNG or WebP, of an animation its first picture.
pub fn decode(file: &[u8]) -> Result<Picture, PictureError> {
    let unreadable = |error| PictureError::Broken(image::ImageError::IoError(error));
    let mut reader =
        ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(unreadable)?;
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return Err(PictureError::NoPicture);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // Before memory is taken for what the file only claims.
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let is_too_large =
        width.max(height) > SIDE_MAX || pixels > PIXELS_MAX || decoder.total_bytes() > MEMORY_MAX;
    if is_too_large {
        return Err(PictureError::TooLarge { width, height });
    }
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile().ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let picture = Picture::new(image);
    Ok(match profile {
        Some(profile) => colour::to_srgb(picture, &profile),
        None => picture,
    })
}
