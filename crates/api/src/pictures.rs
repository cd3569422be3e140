//! Pictures that people send: taken apart and made anew (`imaging`), a few at a time.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use imaging::PictureError;
use kernel::ErrorCode;
use tokio::sync::Semaphore;

use crate::kit::Problem;

/// The largest file of a shopper.
pub const UPLOAD_LIMIT: usize = 8 * 1024 * 1024;
/// As large as a shopper's picture is kept.
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

/// Refuses a body that says it is no picture.
pub fn check_kind(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("image/")) {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::UnsupportedMediaType)
        .detail("send the picture itself as image/jpeg, image/png or image/webp"))
}

/// Works on a picture when it is its turn, on a thread that may be busy.
pub async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
) -> Result<T, Problem> {
    in_turn_of(&WORKERS, work).await
}

async fn in_turn_of<T: Send + 'static>(
    workers: &'static Semaphore,
    work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
) -> Result<T, Problem> {
    let turn = tokio::time::timeout(PATIENCE, workers.acquire()).await;
    let busy = || Problem::new(ErrorCode::ServiceUnavailable).retry_after(10);
    let Ok(Ok(turn)) = turn else { return Err(busy()) };
    // The turn goes with the work: whoever hangs up does not stop it, and must not let in another.
    let work = move || {
        let _turn = turn;
        work()
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(error)) => Err(refused(&error)),
        Err(panic) => Err(Problem::internal(&panic)),
    }
}

/// Makes a shopper's picture anew. What is no JPEG, PNG or WebP, or cannot be read, is refused.
pub async fn make_anew(file: Bytes) -> Result<Picture, Problem> {
    in_turn(move || make(&file)).await
}

fn refused(error: &PictureError) -> Problem {
    let problem = match error {
        PictureError::NoPicture => ErrorCode::UnsupportedMediaType,
        PictureError::TooLarge { .. } | PictureError::Broken(_) | PictureError::Encoder(_) => {
            ErrorCode::ValidationFailed
        }
    };
    Problem::new(problem).detail(format!("this is no picture that can be taken: {error}"))
}

fn make(file: &[u8]) -> Result<Picture, PictureError> {
    let picture = imaging::decode(file)?.within(SIDE_KEPT).into_rgb();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture)?;
    Ok(Picture { jpeg: jpeg.into(), width: picture.width(), height: picture.height() })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, RgbImage};

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
    async fn whoever_hangs_up_keeps_their_turn_until_the_work_is_done() {
        static WORKER: Semaphore = Semaphore::const_new(1);
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (done, is_done) = std::sync::mpsc::sync_channel::<()>(1);
        let work = in_turn_of(&WORKER, move || {
            begun.send(()).unwrap();
            is_done.recv().unwrap();
            Ok(())
        });
        tokio::select! {
            _ = work => panic!("nobody said that it is done"),
            begun = has_begun => begun.unwrap(),
        }
        // The one who asked is gone, the work is not.
        assert_eq!(WORKER.available_permits(), 0);
        done.send(()).unwrap();
        in_turn_of(&WORKER, || Ok(())).await.unwrap();
        assert_eq!(WORKER.available_permits(), 1);
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
