//! Pictures that people send: taken apart and made anew, so that nothing of the file they sent is kept:
//! no place where it was taken, no program hidden behind it.

use std::{io::Cursor, time::Duration};

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader,
    codecs::jpeg::JpegEncoder,
};
use kernel::ErrorCode;
use tokio::sync::Semaphore;

use crate::kit::Problem;

/// The largest file.
pub const UPLOAD_LIMIT: usize = 8 * 1024 * 1024;
/// The widest and highest picture that is looked at.
const SIDE_MAX: u32 = 12_000;
/// The most memory one may take while it is taken apart.
const MEMORY_MAX: u64 = 256 * 1024 * 1024;
/// As large as it is kept.
const SIDE_KEPT: u32 = 1_600;
const QUALITY: u8 = 82;

/// So many are made anew at the same time; the others wait their turn, for a while.
static WORKERS: Semaphore = Semaphore::const_new(2);
const PATIENCE: Duration = Duration::from_secs(10);

/// A picture of our own making.
#[derive(Debug)]
pub struct Picture {
    /// JPEG.
    pub jpeg: Bytes,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Makes a picture anew. What is no JPEG, PNG or WebP, or cannot be read, is refused.
pub async fn make_anew(file: Bytes) -> Result<Picture, Problem> {
    let turn = tokio::time::timeout(PATIENCE, WORKERS.acquire()).await;
    let busy = || Problem::new(ErrorCode::ServiceUnavailable).retry_after(10);
    let Ok(Ok(_turn)) = turn else { return Err(busy()) };
    let made = tokio::task::spawn_blocking(move || make(&file)).await;
    match made {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(error)) => Err(refused(&error)),
        Err(panic) => Err(Problem::internal(&panic)),
    }
}

fn refused(error: &ImageError) -> Problem {
    let problem = match error {
        ImageError::Unsupported(_) => ErrorCode::UnsupportedMediaType,
        _ => ErrorCode::ValidationFailed,
    };
    Problem::new(problem).detail(format!("this is no picture that can be taken: {error}"))
}

fn make(file: &[u8]) -> Result<Picture, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format()?;
    let known =
        matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP));
    if !known {
        reader.clear_format();
    }
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    if picture.width().max(picture.height()) > SIDE_KEPT {
        picture = picture.thumbnail(SIDE_KEPT, SIDE_KEPT);
    }
    let picture = picture.to_rgb8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture)?;
    Ok(Picture { jpeg: jpeg.into(), width: picture.width(), height: picture.height() })
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn file(width: u32, height: u32, format: ImageFormat) -> Bytes {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 9])
        });
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
        bytes.into_inner().into()
    }

    #[tokio::test]
    async fn every_known_kind_becomes_a_jpeg_of_bounded_size() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let made = make_anew(file(40, 30, format)).await.unwrap();
            assert_eq!((made.width, made.height), (40, 30), "{format:?}");
            assert_eq!(image::guess_format(&made.jpeg).unwrap(), ImageFormat::Jpeg);
        }
        let made = make_anew(file(3_200, 800, ImageFormat::Png)).await.unwrap();
        assert_eq!((made.width, made.height), (1_600, 400));
    }

    #[tokio::test]
    async fn nothing_of_the_file_itself_is_kept() {
        let mut sent = file(40, 30, ImageFormat::Jpeg).to_vec();
        sent.extend_from_slice(b"<script>alert(1)</script>");
        let made = make_anew(sent.into()).await.unwrap();
        let hidden = made.jpeg.windows(8).any(|window| window == b"<script>");
        assert!(!hidden);
    }

    #[tokio::test]
    async fn what_is_no_picture_is_refused() {
        for (bad, code) in [
            (
                Bytes::from_static(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
                ErrorCode::UnsupportedMediaType,
            ),
            (Bytes::from_static(b"GIF89a......"), ErrorCode::UnsupportedMediaType),
            (Bytes::new(), ErrorCode::UnsupportedMediaType),
            (file(40, 30, ImageFormat::Png).slice(..60), ErrorCode::ValidationFailed),
        ] {
            let refused = make_anew(bad.clone()).await.unwrap_err();
            assert_eq!(refused.code(), code, "{bad:?}");
        }
    }
}
