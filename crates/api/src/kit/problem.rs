//! Errors as RFC 9457 problem details with a stable `code`.

use std::error::Error as StdError;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kernel::ErrorCode;
use pg::DbError;
use ports::ObjectError;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use utoipa::ToSchema;

use super::context::Spoken;

/// What is wrong with one field of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body, or the parameter's name after `#`.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// What every problem may have (RFC 9457, and ours): nothing else is called so.
const MEMBERS: [&str; 7] = ["type", "title", "status", "detail", "code", "trace_id", "errors"];

/// An error as clients see it.
#[derive(Debug)]
pub struct Problem {
    code: ErrorCode,
    detail: Option<String>,
    errors: Vec<FieldError>,
    extra: Members,
    headers: Vec<(HeaderName, HeaderValue)>,
    status: Option<StatusCode>,
    /// See [`Problem::may_be_tried_again`].
    again: bool,
}

/// More members of a problem's body, in their order. They are written once, into the answer: whoever
/// is refused in a crowd costs no map of values before it.
#[derive(Default)]
pub struct Members(Vec<(&'static str, Box<dyn erased_serde::Serialize + Send + Sync>)>);

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The body of a problem, for the API's description.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The page that explains the code.
    #[schema(value_type = String, example = "/docs/errors/INVENTORY_SHORTAGE")]
    #[serde(serialize_with = "page_of")]
    pub r#type: ErrorCode,
    /// The code's message in the caller's language.
    #[schema(value_type = String)]
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The stable code to switch on.
    pub code: ErrorCode,
    /// Finds the request in the logs.
    pub trace_id: String,
    /// For input errors: which fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// More about some codes, e.g. `shortages`.
    #[serde(flatten)]
    #[schema(value_type = serde_json::Map<String, serde_json::Value>, additional_properties)]
    pub extra: Members,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde writes with")]
fn page_of<S: Serializer>(code: &ErrorCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("/docs/errors/{}", code.as_str()))
}

impl Problem {
    /// The problem with this code.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            extra: Members::default(),
            headers: Vec::new(),
            status: None,
            again: false,
        }
    }

    /// A defect: logged here, once, with its causes; the caller learns only the trace id.
    pub fn internal(error: &(dyn StdError + 'static)) -> Self {
        let causes = causes_of(error);
        tracing::error!(error = causes, "request failed: {causes}");
        Self::new(ErrorCode::Internal)
    }

    /// Somebody else was quicker at something that was decided by; nothing was written, and doing it
    /// again is right.
    pub fn overtaken() -> Self {
        Self { again: true, ..Self::new(ErrorCode::ServiceUnavailable).retry_after(2) }
    }

    /// Says what happened this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names a field that is wrong.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Names fields that are wrong.
    #[must_use]
    pub fn fields(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// Adds a member to the body.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        value: impl Serialize + Send + Sync + 'static,
    ) -> Self {
        debug_assert!(!MEMBERS.contains(&name), "{name} is a member of every problem");
        debug_assert!(self.extra.0.iter().all(|(other, _)| *other != name), "{name} twice");
        self.extra.0.push((name, Box::new(value)));
        self
    }

    /// Tells when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Another status than the code's own.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Whether the transaction got into another one's way, and was undone: nothing was written, and
    /// doing it again is right.
    pub const fn may_be_tried_again(&self) -> bool {
        self.again
    }

    /// The code.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }
}

impl From<ErrorCode> for Problem {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        if error.is_transient() {
            tracing::warn!(error = %error, "the database could not be reached, or not in time");
            let again = matches!(error, DbError::Retry(_));
            let problem = Self::new(ErrorCode::ServiceUnavailable).retry_after(2);
            return Self { again, ..problem };
        }
        Self::internal(&error)
    }
}

/// What happened, and what that came from.
fn causes_of(error: &(dyn StdError + 'static)) -> String {
    let mut causes = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push_str(": ");
        causes.push_str(&inner.to_string());
        cause = inner.source();
    }
    causes
}

/// The store of pictures is another machine, or a disk that is full: no defect of ours.
impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        let causes = causes_of(&error);
        tracing::error!(error = causes, "pictures cannot be kept or read: {causes}");
        Self::new(ErrorCode::ServiceUnavailable).retry_after(10)
    }
}

impl Problem {
    fn http_status(&self) -> StatusCode {
        self.status.unwrap_or_else(|| {
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }

    /// The body alone, where a problem is told inside of an answer.
    pub fn into_body(self, spoken: &Spoken) -> ProblemBody {
        ProblemBody {
            r#type: self.code,
            title: self.code.title(spoken.locale),
            status: self.http_status().as_u16(),
            detail: self.detail,
            code: self.code,
            trace_id: spoken.trace_id.clone(),
            errors: self.errors,
            extra: self.extra,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let status = self.http_status();
        let own = std::mem::take(&mut self.headers);
        let body = self.into_body(&Spoken::here());
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in own {
            headers.insert(name, value);
        }
        response
    }
}
