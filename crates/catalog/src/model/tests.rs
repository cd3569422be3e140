use proptest::prelude::*;

use super::*;

fn both(text: &str) -> LocalizedText {
    LocalizedText::new(text, text)
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

fn mug() -> Product {
    let variant = |n, sku: &str, colour| Variant {
        id: uuid(n).into(),
        sku: sku.into(),
        barcode: None,
        name: both(colour),
        options: vec![both(colour)],
        price: Money::twd(480).unwrap(),
        compare_at: None,
        weight_g: 300,
        image: None,
        purchase_limit: None,
        active: true,
    };
    Product {
        id: uuid(1).into(),
        slug: Slug::new("mug").unwrap(),
        category_id: uuid(2).into(),
        name: both("Mug"),
        subtitle: LocalizedText::default(),
        description: Description::plain(both("A mug.\n\nIt holds coffee.")),
        badges: vec!["new".into()],
        tags: vec!["gift".into()],
        options: vec![ProductOption {
            name: both("Colour"),
            values: vec![both("White"), both("Black")],
        }],
        status: ProductStatus::Published { at: Timestamp::UNIX_EPOCH },
        images: vec![ImageRef {
            key: "products/mug-1.webp".into(),
            alt: both("A white mug"),
            width: 800,
            height: 800,
        }],
        variants: vec![variant(3, "MUG-W", "White"), variant(4, "MUG-B", "Black")],
        related: vec![uuid(8).into()],
    }
}

#[test]
fn a_sound_product_is_accepted() {
    assert_eq!(mug().validate(), Ok(()));
}

#[test]
fn each_rule_can_be_broken() {
    type Break = fn(&mut Product);
    let sku = || "MUG-W".to_owned();
    let cases: [(Break, InvalidProduct); 17] = [
        (
            |p| p.name.en = "".into(),
            InvalidProduct::Text { what: "the product's name", max: NAME_MAX },
        ),
        (
            |p| p.subtitle.en = "only one language".into(),
            InvalidProduct::Text { what: "the subtitle", max: NAME_MAX },
        ),
        (|p| p.variants[1].sku = "MUG-W".into(), InvalidProduct::Twice(sku())),
        (|p| p.variants[1].id = p.variants[0].id, InvalidProduct::Twice("MUG-B".into())),
        (|p| p.variants[0].sku = "A B".into(), InvalidProduct::Sku("A B".into())),
        (|p| p.variants[0].options.clear(), InvalidProduct::Options(sku())),
        (|p| p.variants[0].options[0] = both("Red"), InvalidProduct::Options(sku())),
        (
            |p| p.variants[0].compare_at = Some(p.variants[0].price),
            InvalidProduct::CompareAt(sku()),
        ),
        (|p| p.variants[0].image = Some(1), InvalidProduct::Image(sku())),
        (|p| p.images[0].key = "../secret".into(), InvalidProduct::ImageKey("../secret".into())),
        (
            |p| p.badges = vec!["x".into(); 11],
            InvalidProduct::TooMany { what: "badges", max: BADGES_MAX },
        ),
        (|p| p.badges = vec!["New!".into()], InvalidProduct::Badge("New!".into())),
        (|p| p.tags = vec!["a,b".into()], InvalidProduct::Tag("a,b".into())),
        (|p| p.tags = vec!["Tea".into(), "tea".into()], InvalidProduct::Tag("tea".into())),
        (|p| p.related = vec![p.id], InvalidProduct::Related),
        (|p| p.related = vec![uuid(8).into(); 2], InvalidProduct::Related),
        (|p| p.variants.iter_mut().for_each(|v| v.active = false), InvalidProduct::NothingToBuy),
    ];
    for (break_it, expected) in cases {
        let mut product = mug();
        break_it(&mut product);
        assert_eq!(product.validate(), Err(expected));
    }
}

#[test]
fn what_is_not_sold_any_more_keeps_what_it_had() {
    let mut product = mug();
    product.variants[1] = Variant {
        active: false,
        options: vec![both("Red")],
        image: Some(9),
        ..product.variants[1].clone()
    };
    assert_eq!(product.validate(), Ok(()));
}

#[test]
fn a_draft_may_have_nothing_to_buy() {
    let draft = Product { status: ProductStatus::Draft, variants: Vec::new(), ..mug() };
    assert_eq!(draft.validate(), Ok(()));
}

#[test]
fn slugs_are_plain_and_never_look_like_an_id() {
    for good in ["mug", "mug-2", "a-b-c", "2026"] {
        assert_eq!(Slug::new(good).unwrap().as_str(), good);
    }
    let id = "0192aaaa-0000-7000-8000-000000000000";
    for bad in ["", "-", "a-", "-a", "a--b", "Mug", "馬克杯", "a b", "a/b", id] {
        assert!(Slug::new(bad).is_err(), "{bad}");
    }
    assert!(Slug::new("a".repeat(101)).is_err());
}

proptest! {
    #[test]
    fn any_accepted_slug_needs_no_escaping(text in ".{0,30}") {
        if let Ok(slug) = Slug::new(text.as_str()) {
            prop_assert!(slug.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        }
    }
}
