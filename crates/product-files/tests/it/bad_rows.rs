//! Every kind of bad row, with its line and column; its product is refused, and no other.

use product_files::{Fault, Format, MAX_RECORD, Report, Rules};
use serde_json::{Value, json};
use testkit::{TestDb, seed::Shop};

use super::{import, rules, sums};

const HEAD: &str = "Handle,Title,Body (HTML),Type,Tags,Published,Option1 Name,Option1 Value,\
    Variant SKU,Variant Grams,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,\
    Image Position,Status\n";
const GOOD: &str = "good,Good,,kitchen,,,Size,S,GOOD-S,,100,,,,,active\n";

/// Line, column, what kind, and of which product.
fn told(report: &Report) -> Vec<(u64, &str, Fault, &str)> {
    let errors = report.errors.iter();
    errors.map(|it| (it.line, it.column.as_str(), it.code, it.product.as_str())).collect()
}

fn trial(format: Format) -> Rules {
    Rules { dry_run: true, create_categories: false, ..rules(format) }
}

#[tokio::test]
async fn every_bad_row_of_a_sheet_is_named_with_its_place() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let long = "x".repeat(201);
    let many_tags = (0..31).map(|n| format!("tag{n}")).collect::<Vec<_>>().join(",");
    let cases: Vec<(String, &str, Fault)> = [
        (",T,,kitchen,,,,,A,,1,,,,,", "Handle", Fault::Missing),
        ("a,T,,kitchen,,,,,A,,1", "Variant Price", Fault::Cells),
        ("a,T,,kitchen,,,,,A,,1,,,,,,", "Status", Fault::Cells),
        ("a,\0,,kitchen,,,,,A,,1,,,,,", "Title", Fault::Encoding),
        ("a,\"two\nlines\",,kitchen,,,,,A,,1,,,,,", "Title", Fault::Encoding),
        ("a,,,kitchen,,,,,A,,1,,,,,", "Title", Fault::Missing),
        ("a,T,,,,,,,A,,1,,,,,", "Type", Fault::Missing),
        ("a,T,,nowhere,,,,,A,,1,,,,,", "Type", Fault::Unknown),
        ("a,T,,kitchen,,perhaps,,,A,,1,,,,,", "Published", Fault::Word),
        ("a,T,,kitchen,,,,,A,,1,,,,,gone", "Status", Fault::Word),
        ("a,T,,kitchen,,,,,A,heavy,1,,,,,", "Variant Grams", Fault::Number),
        ("a,T,,kitchen,,,,,A,,,,,,,", "Variant Price", Fault::Missing),
        ("a,T,,kitchen,,,,,A,,12.50,,,,,", "Variant Price", Fault::Number),
        ("a,T,,kitchen,,,,,A,,\"1,000\",,,,,", "Variant Price", Fault::Number),
        ("a,T,,kitchen,,,,,A,,1,many,,,,", "Variant Compare At Price", Fault::Number),
        ("a,T,,kitchen,,,,,A,,1,,4006381333932,,,", "Variant Barcode", Fault::Rule),
        ("a,T,,kitchen,,,,,A,,1,,,x.jpg,first,", "Image Position", Fault::Number),
        ("a,T,,kitchen,,,,,杯,,1,,,,,", "Variant SKU", Fault::Rule),
        ("a,T,,kitchen,,,,,MUG-WHITE,,1,,,,,", "Variant SKU", Fault::Taken),
        ("a,T,,kitchen,,,,,GOOD-S,,1,,,,,", "Variant SKU", Fault::Taken),
        ("a,T,,kitchen,,,,S,A,,1,,,,,", "Option1 Value", Fault::Rule),
        ("a,T,,kitchen,,,,,,,,,,,,active", "Status", Fault::Rule),
        ("good,Again,,kitchen,,,,,A,,1,,,,,", "Handle", Fault::Twice),
    ]
    .map(|(row, column, code)| (row.to_owned(), column, code))
    .into_iter()
    .chain([
        (format!("a,{long},,kitchen,,,,,A,,1,,,,,"), "Title", Fault::Rule),
        (format!("a,T,,kitchen,{},,,,A,,1,,,,,", "x".repeat(41)), "Tags", Fault::Rule),
        (format!("a,T,,kitchen,\"{many_tags}\",,,,A,,1,,,,,"), "Tags", Fault::TooMany),
        (
            format!("a,T,\"{}\",kitchen,,,,,A,,1,,,,,", "x".repeat(60_001)),
            "Body (HTML)",
            Fault::TooLong,
        ),
    ])
    .collect();
    for (row, column, code) in cases {
        let last = "last,Last,,kitchen,,,,,LAST,,1,,,,,\n";
        let report = import(
            &db,
            trial(Format::Csv),
            &format!("{HEAD}{GOOD}tote,,,,,,,,,,,,,,,\n{row}\n{last}"),
        )
        .await;
        let product = row.split(',').next().unwrap();
        assert_eq!(told(&report), [(4, column, code, product)], "{row}: {report:?}");
        assert_eq!(sums(&report), [2, 0, 1, 1], "{row}");
    }
}

#[tokio::test]
async fn a_bad_row_of_a_variant_names_its_own_line_and_all_mistakes_of_a_row_are_told() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let text = format!(
        "{HEAD}a,T,,kitchen,,,Size,S,A-S,,100,,,,,active\n\
         a,,,,,,,M,A-M,1kg,dear,,,,,\n\
         a,,,,,,,L,A-S,,100,,,,,\n"
    );
    let report = import(&db, trial(Format::Csv), &text).await;
    let expected =
        [(3, "Variant Price", Fault::Number, "a"), (3, "Variant Grams", Fault::Number, "a")];
    assert_eq!(told(&report), expected);
    assert_eq!(sums(&report), [0, 0, 0, 1]);
    let text = text.replace(",1kg,dear,", ",1,100,");
    let report = import(&db, trial(Format::Csv), &text).await;
    assert_eq!(told(&report), [(4, "Variant SKU", Fault::Twice, "a")]);
    let taken = text.replace(",L,A-S,", ",L,MUG-BLACK,");
    let report = import(&db, trial(Format::Csv), &taken).await;
    assert_eq!(told(&report), [(4, "Variant SKU", Fault::Taken, "a")]);
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_and_a_row_without_end_ends_it() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    for (text, column, code) in [
        ("", "", Fault::Unreadable),
        ("\u{feff}", "", Fault::Unreadable),
        ("Handle;Title\na;A\n", "Handle", Fault::Unreadable),
        ("Title,Price\nA,1\n", "Handle", Fault::Unreadable),
        ("Handle,Title,title\na,A,B\n", "title", Fault::Twice),
    ] {
        let report = import(&db, rules(Format::Csv), text).await;
        assert_eq!(told(&report), [(1, column, code, "")], "{text:?}");
        assert_eq!((report.complete, sums(&report)), (false, [0, 0, 0, 0]), "{text:?}");
    }
    let endless = format!("{HEAD}{GOOD}a,T,\"{}", "x".repeat(MAX_RECORD + 1_000));
    let report = import(&db, rules(Format::Csv), &endless).await;
    assert_eq!(told(&report)[0], (3, "", Fault::TooLong, "good"));
    // Nobody knows whether the product before had more rows.
    assert_eq!((report.complete, sums(&report)), (false, [0, 0, 0, 1]));
}

/// A product that is not in the shop: it may be further down.
const OTHER: &str = "01990000-0000-7000-8000-000000000077";

/// So many of that kind.
fn others(count: u32) -> Vec<String> {
    (0..count).map(|number| format!("01990000-0000-7000-8000-0000000001{number:02}")).collect()
}

/// A line, and the pointer and the kind of what is wrong with it.
fn bad_lines() -> Vec<(String, &'static str, Fault)> {
    let both = json!({"zh_tw": "x", "en": "x"});
    let line = |change: Value| {
        let mut it = json!({
            "slug": "a", "category": "kitchen", "name": both,
            "variants": [{"sku": "A", "price": {"amount": 1, "currency": "TWD"}}],
        });
        for (name, value) in change.as_object().unwrap() {
            it[name] = value.clone();
        }
        it.to_string()
    };
    let variant = |change: Value| {
        let mut it = json!({"sku": "A", "price": {"amount": 1, "currency": "TWD"}});
        for (name, value) in change.as_object().unwrap() {
            it[name] = value.clone();
        }
        line(json!({"variants": [it]}))
    };
    vec![
        ("{\"slug\": \"a\"".into(), "", Fault::Unreadable),
        ("[]".into(), "", Fault::Unreadable),
        (format!("{} {{}}", line(json!({}))), "", Fault::Unreadable),
        (line(json!({"name": {"zh_tw": "\0", "en": "x"}})), "", Fault::Encoding),
        (line(json!({"name": {"zh_tw": "a\nb", "en": "x"}})), "/name", Fault::Encoding),
        (line(json!({"name": {"zh_tw": "", "en": "x"}})), "/name", Fault::Rule),
        (line(json!({"name": "x"})), "/name", Fault::Rule),
        (line(json!({"vendor": "x"})), "/vendor", Fault::Rule),
        (line(json!({"slug": "A b"})), "/slug", Fault::Rule),
        (line(json!({"slug": "good"})), "/slug", Fault::Twice),
        (line(json!({"category": null})), "/category", Fault::Missing),
        (line(json!({"category": "nowhere"})), "/category", Fault::Unknown),
        (
            line(json!({"description": both, "description_html": both})),
            "/description_html",
            Fault::Twice,
        ),
        (line(json!({"badges": ["a b"]})), "/badges", Fault::Rule),
        (line(json!({"tags": ["a", "A"]})), "/tags", Fault::Rule),
        (line(json!({"related": [OTHER, OTHER]})), "/related", Fault::Rule),
        (line(json!({"id": OTHER, "related": [OTHER]})), "/related", Fault::Rule),
        (line(json!({"related": others(13)})), "/related", Fault::TooMany),
        (line(json!({"state": "scheduled"})), "/publish_at", Fault::Missing),
        (line(json!({"state": "published", "variants": []})), "/state", Fault::Rule),
        (
            variant(json!({"price": {"amount": -1, "currency": "TWD"}})),
            "/variants/0/price",
            Fault::Rule,
        ),
        (variant(json!({"price": null})), "/variants/0/price", Fault::Rule),
        (variant(json!({"barcode": "4006381333932"})), "/variants/0/barcode", Fault::Rule),
        (variant(json!({"weight_g": 1_000_001})), "/variants/0/weight_g", Fault::Number),
        (variant(json!({"sku": "GOOD"})), "/variants", Fault::Taken),
        (
            variant(json!({"compare_at": {"amount": 1, "currency": "TWD"}})),
            "/variants",
            Fault::Rule,
        ),
        (variant(json!({"purchase_limit": 0})), "/variants", Fault::Rule),
    ]
}

#[tokio::test]
async fn every_bad_line_of_json_is_named_with_its_place() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let good = json!({
        "slug": "good", "category": "kitchen", "name": {"zh_tw": "好", "en": "Good"},
        "variants": [{"sku": "GOOD", "price": {"amount": 1, "currency": "TWD"}}],
    });
    for (line, column, code) in bad_lines() {
        let text = format!("\u{feff}{good}\r\n\r\n{line}\n");
        let report = import(&db, trial(Format::Jsonl), &text).await;
        let errors: Vec<(u64, &str, Fault)> =
            report.errors.iter().map(|it| (it.line, it.column.as_str(), it.code)).collect();
        assert_eq!(errors, [(3, column, code)], "{line}: {report:?}");
        assert_eq!(sums(&report), [1, 0, 0, 1], "{line}");
    }
}
