//! `POST /api/admin/pictures`

use ::access::{Kind, Resource};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use catalog::Uploaded;
use imaging::Original;
use kernel::ErrorCode;
use pg::DbError;
use ports::ObjectKey;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Problem, body::unreadable, edit::edit, problem::ProblemBody},
    pictures,
};

/// The largest file.
const UPLOAD_LIMIT: usize = 16 * 1024 * 1024;
/// While the objects of a picture that was given up are deleted.
const REMOVAL_SECONDS: u32 = 60;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(handler)).layer(DefaultBodyLimit::max(UPLOAD_LIMIT))
}

/// A picture that products may show from now on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PictureView {
    /// What products name it by.
    #[schema(example = "catalog/5d41402abc4b2a76b9719d911017c592.webp")]
    pub key: String,
    /// Where it is; what lies there never changes.
    pub url: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The sizes that are made of it, narrowest first, each as AVIF and as WebP. They are there some
    /// seconds or minutes later; until then pages show the picture itself.
    pub renditions: Vec<SizeView>,
}

/// A size that is made of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SizeView {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl PictureView {
    fn new(key: &ObjectKey, picture: &Original) -> Self {
        let (width, height) = (picture.width, picture.height);
        let sizes = imaging::renditions((width, height)).into_iter();
        Self {
            key: key.as_str().to_owned(),
            url: format!("/media/{}", key.as_str()),
            width,
            height,
            renditions: sizes.map(|(width, height)| SizeView { width, height }).collect(),
        }
    }
}

/// Adds a picture for products: JPEG, PNG or WebP, at most 16 MiB and 50 million pixels. It is made
/// anew, upright, in sRGB and no larger than 2,560 pixels, without whatever else the file holds. The same
/// picture has the same key, so that sending it twice adds one. What no product names within a day is
/// removed.
#[utoipa::path(
    post, path = "/api/admin/pictures", tag = "catalog", operation_id = "upload_picture",
    request_body(content = Vec<u8>, content_type = "image/jpeg"),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The shop has it already", body = PictureView),
        (status = 201, body = PictureView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "It is neither JPEG nor PNG nor WebP", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It cannot be read, or has too many pixels", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: too many pictures at once, or they cannot be kept just now", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    headers: HeaderMap,
    file: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<PictureView>), Problem> {
    pictures::check_kind(&headers)?;
    let file = file.map_err(|rejection| unreadable(&rejection))?;
    let picture = pictures::in_turn(move || imaging::normalise(&file)).await?;
    let key = key_of(&picture.webp)?;
    let view = PictureView::new(&key, &picture);
    let uploaded = edit(&state.ids, || perform(&state, &permit, &view)).await?;
    // After its row: who removes pictures looks at rows, and leaves this one alone from now on. Until its
    // object is there nobody has been told of it.
    keep(&state, &key, picture.webp).await?;
    let status = if uploaded == Uploaded::New { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(view)))
}

/// By what the shop keeps, not by what was sent: what differs only beside the picture is the same one.
fn key_of(webp: &[u8]) -> Result<ObjectKey, Problem> {
    let name = data_encoding::HEXLOWER.encode(&Sha256::digest(webp));
    format!("catalog/{name}.webp").parse().map_err(|error| Problem::internal(&error))
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    view: &PictureView,
) -> Result<Uploaded, Problem> {
    let mut tx = state.db.begin().await?;
    let size = (view.width, view.height);
    let uploaded = catalog::upload_picture(&mut tx, &view.key, size, state.clock.now()).await?;
    match uploaded {
        Uploaded::New => {
            let change = Change { after: Some(json!(view)), ..Change::default() };
            permit.record(&mut tx, &Resource::one(Kind::Product, &view.key), change).await?;
        }
        Uploaded::Known => {}
        Uploaded::Removing => {
            return Err(Problem::new(ErrorCode::ServiceUnavailable).retry_after(REMOVAL_SECONDS));
        }
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(uploaded)
}

async fn keep(state: &AppState, key: &ObjectKey, webp: Vec<u8>) -> Result<(), Problem> {
    if !state.objects.exists(key).await? {
        state.objects.put(key, webp.into()).await?;
    }
    Ok(())
}
