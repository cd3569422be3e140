//! Every operation can be refused by a rate limit: it is described once, here, for all of them.

use kernel::ErrorCode;
use utoipa::openapi::{
    Content, Header, OpenApi, Ref, RefOr, Response, Type,
    path::{Operation, PathItem},
    schema::ObjectBuilder,
};

/// What a limited answer tells, and what everybody is told beforehand.
const HEADERS: [(&str, &str, Type); 3] = [
    ("Retry-After", "Seconds until the next request may pass", Type::Integer),
    ("RateLimit-Policy", "How many requests may pass in how many seconds", Type::String),
    ("RateLimit", "How many are left, and seconds until there are more", Type::String),
];

/// Adds the answer to every operation; one that has other reasons for this status keeps its words.
pub fn describe(description: &mut OpenApi) {
    for item in description.paths.paths.values_mut() {
        for operation in operations(item) {
            let status = ErrorCode::RateLimited.status().to_string();
            let answer = operation.responses.responses.entry(status);
            if let RefOr::T(answer) = answer.or_insert_with(|| refusal().into()) {
                for (name, text, of) in HEADERS {
                    answer
                        .headers
                        .entry(name.to_owned())
                        .or_insert_with(|| header(text, of).into());
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, .. } = item;
    [get, put, post, delete, options, head, patch].into_iter().flatten()
}

fn refusal() -> Response {
    let body = Content::new(Some(Ref::from_schema_name("ProblemBody")));
    Response::builder()
        .description("`RATE_LIMITED`")
        .content("application/problem+json", body)
        .build()
}

fn header(text: &str, of: Type) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(of).build());
    header.description = Some(text.to_owned());
    header
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_operation_tells_that_it_is_limited() {
        let description = serde_json::to_value(crate::openapi::description()).unwrap();
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let answer = &operation["responses"]["429"];
                let place = format!("{method} {path}");
                assert!(answer["headers"]["Retry-After"].is_object(), "{place}");
                assert!(answer["headers"]["RateLimit"].is_object(), "{place}");
                assert!(answer["content"]["application/problem+json"].is_object(), "{place}");
            }
        }
    }
}
