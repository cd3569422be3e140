//! Colours of files that say what theirs mean. Telephones take pictures in wider ranges than sRGB; without
//! the profile, which is not kept, they would look pale.

use image::{RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::Picture;

/// The picture in sRGB. A profile that cannot be read, or is of another kind of colours, changes nothing.
pub fn to_srgb(picture: Picture, profile: &[u8]) -> Picture {
    converted(&picture, profile).unwrap_or(picture)
}

fn converted(picture: &Picture, profile: &[u8]) -> Option<Picture> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    if profile.color_space != DataColorSpace::Rgb {
        return None;
    }
    let (width, height) = picture.size();
    match picture {
        Picture::Opaque(pixels) => {
            let pixels = transformed(&profile, Layout::Rgb, pixels.as_raw())?;
            RgbImage::from_raw(width, height, pixels).map(Picture::Opaque)
        }
        Picture::Transparent(pixels) => {
            let pixels = transformed(&profile, Layout::Rgba, pixels.as_raw())?;
            RgbaImage::from_raw(width, height, pixels).map(Picture::Transparent)
        }
    }
}

fn transformed(profile: &ColorProfile, layout: Layout, pixels: &[u8]) -> Option<Vec<u8>> {
    let srgb = ColorProfile::new_srgb();
    let transform =
        profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()).ok()?;
    let mut anew = vec![0; pixels.len()];
    transform.transform(pixels, &mut anew).ok()?;
    Some(anew)
}
