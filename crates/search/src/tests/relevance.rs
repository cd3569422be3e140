//! A small shop in both languages: who looks for something finds it, and first.

use super::{asking, found, now, product, snapshot, snapshot_with, text, variant_id};
use crate::{Document, SearchError, SearchQuery, Shelf, Snapshot, SuggestionKind};

const MUG: u128 = 1;
const MUG_SET: u128 = 2;
const TEAPOT: u128 = 3;
const OOLONG: u128 = 4;
const SHIRT: u128 = 5;
const CUP_HOLDER: u128 = 6;
const SMARTPHONE: u128 = 7;
const CAFE: u128 = 8;

fn shop() -> Vec<Document> {
    let mut mug = product(1, "琺瑯馬克杯", "Enamel Mug");
    mug.variants[0].codes = vec!["MUG-WHITE".into(), "4711234567890".into()];
    mug.variants[0].name = text("白色", "White");
    let mut set = product(2, "早餐組：馬克杯與餐盤", "Breakfast Set");
    set.subtitle = text("兩個馬克杯", "With two mugs");
    let mut teapot = product(3, "圓腹瓷壺", "Round Porcelain Teapot");
    teapot.description = text("泡一壺好茶，配馬克杯", "Goes with any mug.");
    let mut oolong = product(4, "阿里山高山烏龍", "Alishan High Mountain Oolong");
    oolong.shelves = vec![Shelf { slug: "tea".into(), name: text("茶葉", "Tea") }];
    let mut shirt = product(5, "T恤", "T-Shirt");
    shirt.options = vec![text("顏色", "Colour")];
    shirt.variants[0].options = vec![text("莓紅", "Berry red")];
    let holder = product(6, "克杯架", "Holder");
    let phone = product(7, "手機殼", "Smartphone Case 500ml");
    let mut cafe = product(8, "臺北咖啡", "Café Taipei");
    cafe.keywords = vec!["禮物".into()];
    vec![mug, set, teapot, oolong, shirt, holder, phone, cafe]
}

#[test]
fn the_best_fit_comes_first() {
    let shop = snapshot(shop());
    for (q, expected) in [
        // A name before a line before a description; among equals, the closer name.
        ("馬克杯", &[MUG_SET, MUG, TEAPOT][..]),
        ("琺瑯馬克杯", &[MUG]),
        ("mug", &[MUG, MUG_SET, TEAPOT]),
        ("Enamel mug", &[MUG]),
        ("mug enamel", &[MUG]),
        // One character; a part of a name; written otherwise.
        ("壺", &[TEAPOT]),
        ("高山", &[OOLONG]),
        ("台北", &[CAFE]),
        ("克杯架", &[CUP_HOLDER]),
        ("ＣＡＦＥ", &[CAFE]),
        ("cafe", &[CAFE]),
        // Beginnings, parts and slips of Latin words.
        ("teap", &[TEAPOT]),
        ("phone", &[SMARTPHONE]),
        ("porcelian", &[TEAPOT]),
        ("oolonh", &[OOLONG]),
        ("moutnain", &[OOLONG]),
        ("500 ml", &[SMARTPHONE]),
        // Codes, whole, without their signs, as far as typed.
        ("MUG-WHITE", &[MUG]),
        ("mugwh", &[MUG]),
        ("mug-w", &[MUG, MUG_SET, TEAPOT]),
        ("4711234567890", &[MUG]),
        // What is said beside the name.
        ("茶葉", &[OOLONG]),
        ("berry", &[SHIRT]),
        ("莓紅 t恤", &[SHIRT]),
        ("禮物", &[CAFE]),
        ("白色 mug", &[MUG]),
        // Nothing.
        ("雨傘", &[]),
        ("mug 雨傘", &[]),
        ("xyzzy", &[]),
        ("！？", &[]),
    ] {
        assert_eq!(found(&shop, &asking(q)), expected, "{q}");
    }
}

#[test]
fn who_says_a_little_too_much_in_chinese_still_finds() {
    let shop = snapshot(shop());
    assert_eq!(found(&shop, &asking("阿里山的高山烏龍茶")), [OOLONG]);
    assert_eq!(found(&shop, &asking("圓腹陶瓷壺")), Vec::<u128>::new(), "half of it is not enough");
}

#[test]
fn a_word_that_is_there_means_itself() {
    let shop = snapshot(vec![product(1, "碗", "Bowl"), product(2, "蝴蝶結", "Bows")]);
    assert_eq!(found(&shop, &asking("bowl")), [1]);
    assert_eq!(found(&shop, &asking("bwol")), [1]);
}

#[test]
fn what_is_not_yet_published_is_found_by_nobody() {
    let shop = snapshot(shop());
    let before = jiff::Timestamp::from_second(0).unwrap();
    let found = shop.search(&asking("mug"), before).unwrap();
    assert_eq!((found.total, found.page.items.len()), (0, 0));
    assert_eq!(found.facets, crate::Facets::default());
    assert_eq!(shop.suggest("mug", 8, before).unwrap(), []);
}

#[test]
fn an_empty_shop_finds_nothing() {
    let mut nothing_to_buy = product(1, "樣品", "Sample");
    nothing_to_buy.variants.clear();
    for documents in [vec![], vec![nothing_to_buy]] {
        let shop = snapshot(documents);
        for q in ["", "mug", "馬克杯", "sample"] {
            assert_eq!(found(&shop, &asking(q)), Vec::<u128>::new());
        }
    }
}

#[test]
fn queries_without_end_are_answered() {
    let shop = snapshot(shop());
    for q in ["馬克杯 ".repeat(60), "a".repeat(200), "a-".repeat(100), "茶".repeat(200)] {
        shop.search(&asking(&q), now()).unwrap();
        shop.suggest(&q, 8, now()).unwrap();
    }
}

fn suggested(shop: &Snapshot, q: &str) -> Vec<String> {
    let all = shop.suggest(q, 8, now()).unwrap();
    all.into_iter().map(|it| it.slug).collect()
}

#[test]
fn suggestions_come_while_typing() {
    let shop = snapshot(shop());
    assert_eq!(suggested(&shop, ""), Vec::<String>::new());
    assert_eq!(suggested(&shop, "馬克"), ["p-2", "p-1", "p-3"]);
    assert_eq!(suggested(&shop, "alish"), ["p-4"]);
    let tea = shop.suggest("te", 8, now()).unwrap();
    assert_eq!(tea[0].kind, SuggestionKind::Category);
    assert_eq!(tea[0].slug, "tea");
    assert_eq!(tea[1].slug, "p-3", "{tea:?}");
    assert_eq!(shop.suggest("te", 1, now()).unwrap().len(), 1);
}

#[test]
fn what_is_left_is_suggested_before_what_is_not() {
    let documents = vec![product(1, "茶杯", "Cup"), product(2, "茶杯", "Cup")];
    let shop = snapshot_with(documents, &[variant_id(1, 0)].into());
    assert_eq!(suggested(&shop, "cup"), ["p-1", "p-2"]);
}

#[test]
fn a_cursor_of_another_search_is_refused() {
    let shop = snapshot(shop());
    for cursor in ["", "e30", "W10", "馬"] {
        let query = SearchQuery { cursor: Some(cursor.into()), ..SearchQuery::default() };
        assert!(matches!(shop.search(&query, now()), Err(SearchError::Cursor(_))), "{cursor}");
    }
}
