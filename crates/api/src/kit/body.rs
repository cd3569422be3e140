//! JSON bodies: every mistake is answered with the place of the mistake.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use kernel::ErrorCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_path_to_error::{Path, Segment};

use super::{problem::Problem, shape::Shaped, validate};

/// A JSON body: of a request, read and checked; of an answer, written into one piece of memory.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// Room for the answer to an order of one line, the one that is written most often. `axum::Json`
/// begins with an eighth of it, and copies what it has written each time it has to grow.
const ANSWER: usize = 1024;

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Problem;

    /// The request is gone, and what it takes to receive its body is boxed: neither takes room while
    /// the answer is made.
    fn from_request(
        request: Request,
        state: &S,
    ) -> impl Future<Output = Result<Self, Problem>> + Send {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let is_json = content_type.and_then(|value| value.to_str().ok()).is_some_and(is_json);
        let receiving = is_json.then(|| Box::pin(Bytes::from_request(request, state)));
        async move {
            let receiving = receiving.ok_or_else(|| {
                Problem::new(ErrorCode::UnsupportedMediaType)
                    .detail("send the body as Content-Type: application/json")
            })?;
            let bytes = receiving.await.map_err(|error| unreadable(&error))?;
            let value: T = parse(&bytes)?;
            value.validate().map_err(|report| {
                Problem::new(ErrorCode::ValidationFailed).fields(validate::field_errors(&report))
            })?;
            Ok(Self(value))
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(ANSWER);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => {
                let json = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, json)], body).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                Problem::new(ErrorCode::Internal).into_response()
            }
        }
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// A body that could not be received whole.
pub fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(ErrorCode::PayloadTooLarge);
    }
    Problem::new(ErrorCode::MalformedRequest).detail("the body could not be received")
}

/// Reads a JSON object, or says what is wrong where.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Keeping track of the place costs as much as reading: only what cannot be read is read so.
    read(bytes).or_else(|_| read_with_places(bytes))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Shaped(&mut reader))?;
    reader.end()?;
    Ok(value)
}

fn read_with_places<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Shaped(&mut reader)).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            let detail = without_place(&inner.to_string());
            return Problem::new(ErrorCode::ValidationFailed).field(pointer, detail);
        }
        malformed(&inner)
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(ErrorCode::MalformedRequest).detail(format!("the body is not JSON: {error}"))
}

/// The pointer says where; "at line 1 column 17" says it again, worse.
fn without_place(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// RFC 6901 of a path into the body.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[expect(dead_code, reason = "only its reading is tested")]
        quantity: kernel::Quantity,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its reading is tested")]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    struct Empty {}

    #[derive(Debug, Deserialize)]
    struct Note {
        #[expect(dead_code, reason = "only its reading is tested")]
        text: Option<String>,
    }

    #[test]
    fn an_array_is_no_form_however_deep_it_lies_and_a_text_holds_no_nul() {
        for (body, place) in [
            (r#"{"items": [[1]]}"#, "/items/0"),
            (r#"{"items": [{"quantity": 1}, []]}"#, "/items/1"),
        ] {
            let problem = parse::<Body>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), ErrorCode::ValidationFailed, "{body}");
            let debug = format!("{problem:?}");
            assert!(debug.contains(&format!("pointer: \"{place}\"")), "{body}: {debug}");
        }
        assert!(parse::<Note>(br#"{"text": "a\\u0000"}"#).is_ok());
        let problem = parse::<Note>(br#"{"text": "a\u0000b"}"#).unwrap_err();
        assert_eq!(problem.code(), ErrorCode::ValidationFailed);
        assert!(format!("{problem:?}").contains("pointer: \"/text\""), "{problem:?}");
    }

    #[test]
    fn an_array_is_no_form() {
        assert!(parse::<Empty>(b" {}").is_ok());
        for body in ["[]", " \n[]"] {
            let problem = parse::<Empty>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), ErrorCode::ValidationFailed, "{body}");
        }
    }

    #[tokio::test]
    async fn mistakes_are_answered_with_their_place() {
        for (body, code, place) in [
            (
                r#"{"items": [{"quantity": 1}, {"quantity": -1}]}"#,
                ErrorCode::ValidationFailed,
                "/items/1/quantity",
            ),
            (
                r#"{"items": [{"quantity": 1e30}]}"#,
                ErrorCode::ValidationFailed,
                "/items/0/quantity",
            ),
            (
                r#"{"items": [{"quantity": 99999999999999999999}]}"#,
                ErrorCode::ValidationFailed,
                "/items/0/quantity",
            ),
            (r#"{"items": [{"quantity": "2"}]}"#, ErrorCode::ValidationFailed, "/items/0/quantity"),
            (r#"{"items": {}}"#, ErrorCode::ValidationFailed, "/items"),
            (r#"{"itmes": []}"#, ErrorCode::ValidationFailed, "/itmes"),
        ] {
            let problem = parse::<Body>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), code, "{body}");
            let debug = format!("{problem:?}");
            assert!(debug.contains(&format!("pointer: \"{place}\"")), "{body}: {debug}");
        }
        for body in ["", "{", r#"{"items": []} x"#, "\u{feff}{}", "nul"] {
            assert_eq!(
                parse::<Body>(body.as_bytes()).unwrap_err().code(),
                ErrorCode::MalformedRequest,
                "{body}"
            );
        }
    }
}
