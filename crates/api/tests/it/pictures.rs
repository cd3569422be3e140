//! Product pictures over HTTP: uploaded, named by a product, seen.

use std::{io::Cursor, path::PathBuf};

use axum::http::Method;
use identity::Role;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

const PICTURES: &str = "/api/admin/pictures";
const ROWS: &str = "SELECT count(*) FROM catalog.pictures";
const AUDITED: &str = "SELECT count(*) FROM audit.entries WHERE action = 'catalog_write'";

fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgb([230, 20, 20]) } else { Rgb([20, 20, 230]) }
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn upload(app: &TestApp, kind: &str, file: Vec<u8>) -> Answer {
    app.staff(Role::Ops).post_bytes(PICTURES, kind, file).await
}

/// Where an object lies.
fn place(app: &TestApp, key: &str) -> PathBuf {
    app.objects().join(key)
}

#[tokio::test]
async fn a_picture_is_kept_once_and_told_with_the_sizes_it_will_have() {
    let app = TestApp::new().await;
    let before = app.count(AUDITED).await;
    let png = file(700, 350, ImageFormat::Png);
    let made = upload(&app, "image/png", png.clone()).await.ok(201);
    let key = made["key"].as_str().unwrap();
    let name = key.strip_prefix("catalog/").unwrap().strip_suffix(".webp").unwrap();
    assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    let sizes = json!([
        {"width": 320, "height": 160}, {"width": 640, "height": 320}, {"width": 700, "height": 350}
    ]);
    let expected = json!({
        "key": key, "url": format!("/media/{key}"), "width": 700, "height": 350,
        "renditions": sizes,
    });
    assert_eq!(made, expected);
    let kept = std::fs::read(place(&app, key)).unwrap();
    assert_eq!(image::guess_format(&kept).unwrap(), ImageFormat::WebP);
    let shown = image::load_from_memory(&kept).unwrap();
    assert_eq!((shown.width(), shown.height()), (700, 350));

    // Once more, and with something behind it: the same picture.
    let mut followed = png.clone();
    followed.extend_from_slice(b"<script>alert(1)</script>");
    for again in [png, followed] {
        assert_eq!(upload(&app, "image/png", again).await.ok(200), expected);
    }
    assert_eq!(app.count(ROWS).await, 1);
    assert_eq!(app.count(AUDITED).await, before + 1, "it was added once");
    let target = "SELECT count(*) FROM audit.entries WHERE action = 'catalog_write'
                  AND target_id LIKE 'catalog/%.webp'";
    assert_eq!(app.count(target).await, 1);
}

#[tokio::test]
async fn an_uploaded_picture_is_shown_by_the_product_that_names_it() {
    let app = TestApp::new().await;
    let made = upload(&app, "image/jpeg", file(64, 48, ImageFormat::Jpeg)).await.ok(201);
    let both = |text: &str| json!({"zh_tw": text, "en": text});
    let path = format!("/api/admin/products/{}", app.shop.mug);
    let seen = app.staff(Role::Ops).get(&path).await.ok(200);
    let with_picture = |key: &Value| json!({"images": [{"key": key, "alt": both("a mug")}]});
    let mut ops = app.staff(Role::Ops).with("if-match", format!("\"{}\"", seen["version"]));
    let unknown = json!("catalog/none.webp");
    let refused = ops.send(Method::PATCH, &path, Some(with_picture(&unknown))).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.ok(422)["errors"][0]["pointer"], "/images/0/key");
    let changed = ops.send(Method::PATCH, &path, Some(with_picture(&made["key"]))).await.ok(200);
    let expected = json!([{"key": made["key"], "alt": both("a mug"), "width": 64, "height": 48}]);
    assert_eq!(changed["images"], expected);
    let page = app.visitor().get("/api/products/mug").await.ok(200);
    let image = json!({
        "url": made["url"], "alt": both("a mug"), "width": 64, "height": 48, "renditions": []
    });
    assert_eq!(page["images"], json!([image]), "no sizes are offered before they are made");

    app.execute(
        "UPDATE catalog.pictures SET status = 'ready', renditions =
         '[{\"width\": 64, \"height\": 48, \"avif\": \"renditions/a.avif\",
            \"webp\": \"renditions/a.webp\"}]'",
    )
    .await;
    let page = app.visitor().get("/api/products/mug").await.ok(200);
    let offered = json!([{
        "width": 64, "avif": "/media/renditions/a.avif", "webp": "/media/renditions/a.webp"
    }]);
    assert_eq!(page["images"][0]["renditions"], offered);
    let list = app.visitor().get("/api/products").await.ok(200);
    let tile = list["items"].as_array().unwrap().iter().find(|it| it["slug"] == "mug").unwrap();
    assert_eq!(tile["image"], page["images"][0]);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_nothing_of_it_is_kept() {
    let app = TestApp::new().await;
    let before = app.count(AUDITED).await;
    let png = file(64, 48, ImageFormat::Png);
    for (kind, file, status, code) in [
        ("application/octet-stream", png.clone(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ("image/png", vec![], 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("image/png", png[..60].to_vec(), 422, "VALIDATION_FAILED"),
        ("image/png", vec![0; 16 * 1024 * 1024 + 1], 413, "PAYLOAD_TOO_LARGE"),
    ] {
        assert_eq!(upload(&app, kind, file).await.problem(status), code, "{kind}");
    }
    let mut nobody = app.visitor();
    let refused = nobody.post_bytes(PICTURES, "image/png", png.clone()).await;
    assert_eq!(refused.problem(401), "AUTH_UNAUTHORIZED");
    let refused = app.staff(Role::Warehouse).post_bytes(PICTURES, "image/png", png).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
    assert_eq!(app.count(ROWS).await, 0);
    assert_eq!(app.count(AUDITED).await, before);
    assert!(!place(&app, "catalog").exists());
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_no_defect_and_the_upload_may_come_again() {
    let app = TestApp::new().await;
    let png = file(64, 48, ImageFormat::Png);
    // Something else lies where the folder would be.
    std::fs::create_dir_all(app.objects()).unwrap();
    std::fs::write(place(&app, "catalog"), "a file").unwrap();
    let refused = upload(&app, "image/png", png.clone()).await;
    assert_eq!(refused.headers["retry-after"], "10");
    assert_eq!(refused.problem(503), "SERVICE_UNAVAILABLE");
    std::fs::remove_file(place(&app, "catalog")).unwrap();
    let key = upload(&app, "image/png", png).await.ok(200)["key"].as_str().unwrap().to_owned();
    assert!(place(&app, &key).exists());
    assert_eq!(app.count(ROWS).await, 1);
}

#[tokio::test]
async fn a_picture_that_is_just_being_removed_has_to_wait() {
    let app = TestApp::new().await;
    let png = file(64, 48, ImageFormat::Png);
    upload(&app, "image/png", png.clone()).await.ok(201);
    app.execute("UPDATE catalog.pictures SET status = 'removing'").await;
    let busy = upload(&app, "image/png", png.clone()).await;
    assert_eq!(busy.headers["retry-after"], "60");
    assert_eq!(busy.problem(503), "SERVICE_UNAVAILABLE");
    // What failed before is tried again.
    app.execute("UPDATE catalog.pictures SET status = 'failed', attempts = 8").await;
    upload(&app, "image/png", png).await.ok(200);
    let waiting = "SELECT count(*) FROM catalog.pictures WHERE status = 'waiting' AND attempts = 0";
    assert_eq!(app.count(waiting).await, 1);
}
