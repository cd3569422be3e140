//! Files of every kind through the whole of it.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder, ImageFormat, ImageReader,
    Rgb, RgbImage, Rgba, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use moxcms::ColorProfile;

use super::*;

/// Red at the left, blue at the right.
fn two_halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgb([230, 20, 20]) } else { Rgb([20, 20, 230]) }
    })
}

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// EXIF that says where it was taken, and how the camera was held.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x02\0".to_vec();
    // Camera (0x010f, text of 4 bytes), then orientation (0x0112, one short).
    exif.extend_from_slice(b"\x0f\x01\x02\0\x04\0\0\0GPS\0");
    exif.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend_from_slice(&[0; 4]);
    exif
}

fn held(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    let (width, height) = picture.dimensions();
    encoder.write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What an AVIF file says of its size, in the box `ispe`.
fn avif_size(file: &[u8]) -> (u32, u32) {
    assert_eq!(&file[4..12], b"ftypavif");
    let at = file.windows(4).position(|window| window == b"ispe").unwrap() + 8;
    let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    (number(at), number(at + 4))
}

fn webp_of(file: &[u8]) -> DynamicImage {
    assert_eq!((&file[..4], &file[8..12]), (&b"RIFF"[..], &b"WEBP"[..]));
    image::load_from_memory_with_format(file, ImageFormat::WebP).unwrap()
}

fn close(pixel: &[u8], wanted: [u8; 3]) {
    let far = pixel.iter().zip(wanted).map(|(is, wanted)| is.abs_diff(wanted)).max();
    assert!(far.is_some_and(|far| far <= 24), "{pixel:?} is not {wanted:?}");
}

#[test]
fn every_kind_of_file_is_kept_as_the_same_picture() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let kept = normalise(&file(two_halves(64, 48), format)).unwrap();
        assert_eq!((kept.width, kept.height), (64, 48), "{format:?}");
        let shown = webp_of(&kept.webp).into_rgb8();
        assert_eq!(shown.dimensions(), (64, 48));
        close(&shown.get_pixel(8, 24).0, [230, 20, 20]);
        close(&shown.get_pixel(56, 24).0, [20, 20, 230]);
    }
}

#[test]
fn a_picture_is_turned_upright_and_says_no_more_where_it_was_taken() {
    // 6: to be seen upright, it is turned to the right; what was at the left comes to the top.
    let sent = held(&two_halves(64, 48), 6);
    assert!(contains(&sent, b"GPS\0"));
    let kept = normalise(&sent).unwrap();
    assert_eq!((kept.width, kept.height), (48, 64));
    let shown = webp_of(&kept.webp).into_rgb8();
    close(&shown.get_pixel(24, 8).0, [230, 20, 20]);
    close(&shown.get_pixel(24, 56).0, [20, 20, 230]);
    for trace in [&b"GPS\0"[..], b"EXIF", b"Exif"] {
        assert!(!contains(&kept.webp, trace));
    }
    let mut decoder = ImageReader::with_format(Cursor::new(&kept.webp), ImageFormat::WebP)
        .into_decoder()
        .unwrap();
    assert_eq!(decoder.exif_metadata().unwrap(), None);
}

#[test]
fn what_differs_only_beside_the_picture_is_the_same_picture() {
    let (one, other) = (held(&two_halves(64, 48), 1), held(&two_halves(64, 48), 0));
    assert_ne!(one, other);
    let mut followed = one.clone();
    followed.extend_from_slice(b"<script>alert(1)</script>");
    let kept = normalise(&one).unwrap().webp;
    assert_eq!(normalise(&other).unwrap().webp, kept);
    assert_eq!(normalise(&followed).unwrap().webp, kept);
}

#[test]
fn colours_of_a_wider_range_are_told_in_srgb() {
    // The red of sRGB as Display P3 says it.
    let picture = RgbImage::from_pixel(8, 8, Rgb([234, 51, 35]));
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(ColorProfile::new_display_p3().encode().unwrap()).unwrap();
    encoder.write_image(picture.as_raw(), 8, 8, ExtendedColorType::Rgb8).unwrap();
    let [red, green, blue] = decode(&bytes).unwrap().into_rgb().get_pixel(4, 4).0;
    assert!(red >= 253 && green <= 4 && blue <= 4, "{red} {green} {blue}");
    let plain = decode(&file(picture, ImageFormat::Png)).unwrap();
    assert_eq!(plain.into_rgb().get_pixel(4, 4).0, [234, 51, 35]);
}

#[test]
fn a_large_picture_is_kept_smaller() {
    let kept = normalise(&file(two_halves(5_120, 100), ImageFormat::Png)).unwrap();
    assert_eq!((kept.width, kept.height), (2_560, 50));
    let kept = normalise(&file(two_halves(101, 3_001), ImageFormat::Png)).unwrap();
    assert_eq!((kept.width, kept.height), (86, 2_560));
}

#[test]
fn sizes_are_made_in_both_formats() {
    let picture = decode(&file(two_halves(1_600, 32), ImageFormat::Png)).unwrap();
    for (width, height) in renditions(picture.size()) {
        let small = picture.at_width(width);
        assert_eq!(small.size(), (width, height));
        assert_eq!(avif_size(&small.avif().unwrap()), (width, height));
        let shown = webp_of(&small.webp().unwrap()).into_rgb8();
        assert_eq!(shown.dimensions(), (width, height));
        close(&shown.get_pixel(width / 8, height / 2).0, [230, 20, 20]);
    }
}

#[test]
fn the_same_picture_gives_the_same_files() {
    let picture = decode(&file(two_halves(96, 64), ImageFormat::Png)).unwrap();
    assert_eq!(picture.avif().unwrap(), picture.avif().unwrap());
    assert_eq!(picture.webp().unwrap(), picture.webp().unwrap());
}

#[test]
fn what_shines_through_stays_so_and_bleeds_into_nothing() {
    // White before a background that cannot be seen, and is black.
    let picture = RgbaImage::from_fn(64, 64, |x, _| {
        if x < 32 { Rgba([255, 255, 255, 255]) } else { Rgba([0, 0, 0, 0]) }
    });
    let picture = decode(&file(picture, ImageFormat::Png)).unwrap();
    let Picture::Transparent(small) = picture.at_width(15) else { panic!("it is opaque") };
    for pixel in small.pixels().filter(|pixel| pixel.0[3] > 16) {
        assert!(pixel.0[..3].iter().all(|channel| *channel > 240), "{pixel:?}");
    }
    let shown = webp_of(&picture.webp().unwrap()).into_rgba8();
    assert_eq!((shown.get_pixel(8, 32).0[3], shown.get_pixel(56, 32).0[3]), (255, 0));
    assert_eq!(avif_size(&picture.avif().unwrap()), (64, 64));
    let opaque = RgbaImage::from_pixel(4, 4, Rgba([1, 2, 3, 255]));
    let opaque = decode(&file(opaque, ImageFormat::Png)).unwrap();
    assert!(matches!(opaque, Picture::Opaque(_)), "nothing shines through");
}

/// A PNG of a hundred bytes that claims to be as large as this.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = file(two_halves(2, 2), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// As PNG computes it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 }
        })
    })
}

#[test]
fn a_small_file_cannot_ask_for_much_memory() {
    for (width, height) in [(10_000, 10_000), (12_001, 1), (1, 12_001)] {
        let refused = decode(&claiming(width, height)).unwrap_err();
        let told = matches!(
            refused,
            PictureError::TooLarge { width: w, height: h } if (w, h) == (width, height)
        );
        assert!(told, "{refused:?}");
    }
    // Within the limits it is only broken.
    assert!(matches!(decode(&claiming(3, 3)), Err(PictureError::Broken(_))));
}

#[test]
fn what_is_no_picture_is_refused() {
    let png = file(two_halves(40, 30), ImageFormat::Png);
    for bytes in [&b""[..], b"GIF89a......", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-"]
    {
        assert!(matches!(normalise(bytes), Err(PictureError::NoPicture)), "{bytes:?}");
    }
    assert!(matches!(normalise(&png[..60]), Err(PictureError::Broken(_))));
}
