//! Where objects are kept, in the words of the configuration.

use std::{fmt, path::Path, str::FromStr};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{ObjectError, ObjectStore};
use crate::address::{Address, MASK, RouteError};

/// Where objects are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ObjectRoute {
    /// `directory`: on this machine.
    #[default]
    Directory,
    /// `s3://KEY:SECRET@BUCKET?region=REGION&endpoint=URL`.
    S3(S3Bucket),
}

/// A bucket of something that speaks S3.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Bucket {
    /// Its name.
    pub name: String,
    /// The access key and its secret; without them the machine's own role is asked for.
    pub credentials: Option<(String, String)>,
    /// Where it lies; AWS' own default is `us-east-1`.
    pub region: Option<String>,
    /// Somebody else's S3.
    pub endpoint: Option<String>,
}

/// Without the secret.
impl fmt::Debug for S3Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

const EXPECTED: &str =
    "expected directory, or s3://KEY:SECRET@BUCKET?region=REGION&endpoint=https://HOST";

impl ObjectRoute {
    /// Opens the store; `directory` is where objects lie when they stay here.
    pub fn open(&self, directory: &Path) -> Result<ObjectStore, ObjectError> {
        match self {
            Self::Directory => ObjectStore::directory(directory),
            Self::S3(bucket) => ObjectStore::s3(bucket),
        }
    }
}

impl FromStr for ObjectRoute {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        if text == "directory" {
            return Ok(Self::Directory);
        }
        if !text.starts_with("s3://") {
            return Err(RouteError::new(EXPECTED));
        }
        Address::parse(text).and_then(bucket).map(Self::S3)
    }
}

fn bucket(address: Address) -> Result<S3Bucket, RouteError> {
    let name = address.host()?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
    if !(3..=63).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(RouteError::new("a bucket's name is 3 to 63 of a-z, 0-9, - and ."));
    }
    if address.port.is_some() || !address.path.is_empty() {
        return Err(RouteError::new("after the bucket there is no port and no path"));
    }
    let credentials = match (address.user, address.password) {
        (Some(key), Some(secret)) => Some((key, secret)),
        (None, None) => None,
        _ => return Err(RouteError::new("key and secret belong together")),
    };
    let (mut region, mut endpoint) = (None, None);
    for (name, value) in address.query {
        match name.as_str() {
            "region" if !value.is_empty() => region = Some(value),
            "endpoint" if value.starts_with("https://") || value.starts_with("http://") => {
                endpoint = Some(value.trim_end_matches('/').to_owned());
            }
            _ => {
                let what = "after ? there may be region=REGION and endpoint=https://HOST";
                return Err(RouteError::new(what));
            }
        }
    }
    Ok(S3Bucket { name, credentials, region, endpoint })
}

/// As the operator sees it: without secrets.
impl fmt::Display for ObjectRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory => f.write_str("directory"),
            Self::S3(bucket) => write!(f, "{bucket}"),
        }
    }
}

impl fmt::Display for S3Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("s3://")?;
        if let Some((key, _)) = &self.credentials {
            write!(f, "{}:{MASK}@", utf8_percent_encode(key, NON_ALPHANUMERIC))?;
        }
        f.write_str(&self.name)?;
        let region = self.region.as_ref().map(|region| format!("region={region}"));
        let endpoint = self.endpoint.as_ref().map(|endpoint| format!("endpoint={endpoint}"));
        let query: Vec<String> = region.into_iter().chain(endpoint).collect();
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        sync::{Arc, Mutex},
    };

    use axum::{
        Router,
        body::Bytes,
        extract::{Request, State},
        http::{Method, StatusCode, header},
        response::{IntoResponse as _, Response},
    };
    use tokio::{net::TcpListener, task::JoinSet};

    use super::*;

    fn read(text: &str) -> Result<S3Bucket, String> {
        match text.parse() {
            Ok(ObjectRoute::S3(bucket)) => Ok(bucket),
            Ok(ObjectRoute::Directory) => Err("directory".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_bucket_is_named_with_key_region_and_endpoint() {
        let own = "s3://AKIA:se%2Fcret@shop-pictures?region=ap-east-2&endpoint=http://minio:9000/";
        let bucket = read(own).unwrap();
        let expected = S3Bucket {
            name: "shop-pictures".into(),
            credentials: Some(("AKIA".into(), "se/cret".into())),
            region: Some("ap-east-2".into()),
            endpoint: Some("http://minio:9000".into()),
        };
        assert_eq!(bucket, expected);
        let shown = "s3://AKIA:••••••@shop-pictures?region=ap-east-2&endpoint=http://minio:9000";
        assert_eq!(ObjectRoute::S3(bucket.clone()).to_string(), shown);
        assert_eq!(format!("{bucket:?}"), shown, "the secret is never shown");
        let plain = read("s3://pictures").unwrap();
        assert_eq!((plain.credentials, plain.region, plain.endpoint), (None, None, None));
        assert_eq!("directory".parse(), Ok(ObjectRoute::Directory));
    }

    #[test]
    fn what_is_no_place_for_objects_is_refused_without_its_secret() {
        for wrong in [
            "",
            "folder",
            "s3:",
            "s3://",
            "https://pictures",
            "s3://ab",
            "s3://Pictures",
            "s3://KEY@pictures",
            "s3://pictures:9000",
            "s3://pictures/path",
            "s3://pictures?a=b",
            "s3://pictures?region=",
            "s3://pictures?endpoint=minio:9000",
            "s3://KEY:hush@pictures?endpoint=ftp://minio",
        ] {
            let told = read(wrong).unwrap_err();
            assert!(!told.contains("hush"), "{told}");
        }
    }

    type Kept = Arc<Mutex<BTreeMap<String, Bytes>>>;

    /// As much of S3 as is spoken here.
    async fn answer(State(kept): State<Kept>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let signed = parts.headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        let ours = "AWS4-HMAC-SHA256 Credential=AKIA/";
        if !signed.is_some_and(|it| it.starts_with(ours) && it.contains("/ap-east-2/s3/")) {
            return StatusCode::FORBIDDEN.into_response();
        }
        let (path, tag) = (parts.uri.path().to_owned(), (header::ETAG, "\"1\""));
        let when = (header::LAST_MODIFIED, "Wed, 21 Oct 2026 07:28:00 GMT");
        let body = axum::body::to_bytes(body, 1024).await.unwrap();
        let mut kept = kept.lock().unwrap();
        match parts.method {
            Method::PUT => {
                kept.insert(path, body);
                [tag].into_response()
            }
            Method::DELETE => {
                kept.remove(&path);
                StatusCode::NO_CONTENT.into_response()
            }
            _ => match kept.get(&path) {
                Some(object) => ([tag, when], object.clone()).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
        }
    }

    #[tokio::test]
    async fn an_object_is_kept_in_a_bucket() {
        let kept = Kept::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let route = format!("s3://AKIA:secret@pictures?region=ap-east-2&endpoint={endpoint}");
        let store = route.parse::<ObjectRoute>().unwrap().open(Path::new("/none")).unwrap();
        let key = "catalog/a.webp".parse().unwrap();
        assert_eq!(store.get(&key).await.unwrap(), None);
        store.put(&key, Bytes::from_static(b"picture")).await.unwrap();
        let paths: Vec<String> = kept.lock().unwrap().keys().cloned().collect();
        assert_eq!(paths, ["/pictures/catalog/a.webp"]);
        assert_eq!(store.get(&key).await.unwrap().unwrap(), "picture");
        assert_eq!(store.size(&key).await.unwrap(), Some(7));
        store.delete(&key).await.unwrap();
        assert!(!store.exists(&key).await.unwrap());
    }
}
