//! Objects: product images and other files the shop shows. The default part keeps them in a
//! directory; a bucket of S3 takes its place where several servers show the same pictures.
//!
//! Objects do not change: another picture is another key. So they may be cached for ever.

mod route;

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use bytes::Bytes;
use object_store::{
    ObjectStoreExt as _, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem,
};

pub use self::route::{ObjectRoute, S3Bucket};

/// The name of an object: words of `a–z 0–9 . _ -` between slashes, as in `demo/mug-2.webp`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

/// Not a key.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no object key")]
pub struct ObjectKeyError(String);

impl ObjectKey {
    /// The longest key.
    pub const BYTES_MAX: usize = 200;

    /// The key as it stands in the database and after `/media/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is nobody's business: what lies under `private/` is never shown at `/media`, but only
    /// by whoever has checked who asks.
    pub fn is_private(&self) -> bool {
        self.0.starts_with("private/")
    }

    /// What the object is, by its ending.
    pub fn content_type(&self) -> &'static str {
        match self.0.rsplit_once('.').map(|(_, ending)| ending) {
            Some("webp") => "image/webp",
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("avif") => "image/avif",
            // SVG is left out on purpose: it can carry scripts.
            _ => "application/octet-stream",
        }
    }
}

impl FromStr for ObjectKey {
    type Err = ObjectKeyError;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        let fits = key.len() <= Self::BYTES_MAX && key.split('/').all(is_word);
        if fits { Ok(Self(key.to_owned())) } else { Err(ObjectKeyError(key.to_owned())) }
    }
}

/// Neither empty nor hidden, so neither `.` nor `..`.
fn is_word(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    word.bytes().all(plain) && word.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The directory of the objects cannot be made.
    #[error("the directory of objects cannot be used")]
    Directory(#[source] std::io::Error),
    /// The store failed.
    #[error("the object store failed")]
    Store(#[from] object_store::Error),
}

/// Where objects are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    inner: Arc<dyn object_store::ObjectStore>,
}

impl ObjectStore {
    /// Objects as files under `directory`, which is made when it is not there.
    pub fn directory(directory: &Path) -> Result<Self, ObjectError> {
        std::fs::create_dir_all(directory).map_err(ObjectError::Directory)?;
        let files = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        Ok(Self { inner: Arc::new(files) })
    }

    /// Objects in a bucket. Nothing is asked of it yet.
    pub fn s3(bucket: &S3Bucket) -> Result<Self, ObjectError> {
        // Somebody waits for a picture: rather none than one after minutes.
        let retry = RetryConfig {
            max_retries: 3,
            retry_timeout: Duration::from_secs(10),
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_retry(retry)
            // Not everything that speaks S3 deletes many at once, and here it is one.
            .with_disable_bulk_delete(true);
        if let Some(region) = &bucket.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &bucket.endpoint {
            let is_plain = endpoint.starts_with("http://");
            builder = builder.with_endpoint(endpoint).with_allow_http(is_plain);
        }
        if let Some((key, secret)) = &bucket.credentials {
            builder = builder.with_access_key_id(key).with_secret_access_key(secret);
        }
        Ok(Self { inner: Arc::new(builder.build()?) })
    }

    /// Keeps an object, whole or not at all; it is on the disk, or in the bucket, when this returns.
    pub async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<(), ObjectError> {
        self.inner.put(&location(key), bytes.into()).await?;
        Ok(())
    }

    /// The object, if there is one.
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<Bytes>, ObjectError> {
        match self.inner.get(&location(key)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The size of the object in bytes, if there is one.
    pub async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, ObjectError> {
        match self.inner.head(&location(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes the object, if there is one.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        match self.inner.delete(&location(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is such an object.
    pub async fn exists(&self, key: &ObjectKey) -> Result<bool, ObjectError> {
        Ok(self.size(key).await?.is_some())
    }
}

fn location(key: &ObjectKey) -> object_store::path::Path {
    object_store::path::Path::from(key.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_the_store() {
        for key in ["demo/mug-2.webp", "a", "p/2026/a_b.v1.png"] {
            assert_eq!(key.parse::<ObjectKey>().unwrap().as_str(), key);
        }
        let long = "a".repeat(201);
        for key in [
            "", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", ".hidden", "A", "a b", "a%2e", "é",
            &long,
        ] {
            assert!(key.parse::<ObjectKey>().is_err(), "{key:?}");
        }
    }

    #[test]
    fn what_is_private_is_known_by_its_beginning() {
        let private = |key: &str| key.parse::<ObjectKey>().unwrap().is_private();
        assert!(private("private/returns/a.jpg"));
        for public in ["demo/private/a.jpg", "private.jpg", "privates/a.jpg"] {
            assert!(!private(public), "{public}");
        }
    }

    #[test]
    fn only_pictures_are_shown_as_such() {
        let kind = |key: &str| key.parse::<ObjectKey>().unwrap().content_type();
        assert_eq!(kind("demo/mug.webp"), "image/webp");
        assert_eq!(kind("demo/mug.svg"), "application/octet-stream");
        assert_eq!(kind("demo/mug"), "application/octet-stream");
    }

    #[tokio::test]
    async fn an_object_is_kept_in_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let store = ObjectStore::directory(&dir.path().join("objects")).unwrap();
        let key: ObjectKey = "demo/mug.webp".parse().unwrap();
        assert_eq!(store.get(&key).await.unwrap(), None);
        assert!(!store.exists(&key).await.unwrap());

        store.put(&key, Bytes::from_static(b"picture")).await.unwrap();
        assert_eq!(store.get(&key).await.unwrap().unwrap(), "picture");
        assert_eq!(store.size(&key).await.unwrap(), Some(7));
        assert_eq!(std::fs::read(dir.path().join("objects/demo/mug.webp")).unwrap(), b"picture");

        store.delete(&key).await.unwrap();
        assert!(!store.exists(&key).await.unwrap());
        store.delete(&key).await.unwrap();
    }
}
