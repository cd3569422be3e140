//! Whatever the shop: everything is found by its words, counts are right, pages hold everything once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kernel::{Money, PageLimit, id::VariantId};
use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    NOW, asking, found, moment, now, numbers, product_id, snapshot, snapshot_with, text, variant_id,
};
use crate::{
    Document, DocumentVariant, ListedPrice, OptionFilter, SearchQuery, SearchSort, Shelf, Snapshot,
    words,
};

const WORDS: [&str; 16] = [
    "enamel",
    "teapot",
    "lantern",
    "oolong",
    "skillet",
    "notebook",
    "candle",
    "compass",
    "canvas",
    "backpack",
    "radio",
    "honey",
    "bubble",
    "fountain",
    "porcelain",
    "indigo",
];
const RUNS: [&str; 8] = ["馬克杯", "烏龍茶", "鑄鐵鍋", "燈籠", "帆布包", "鋼筆", "蜂蜜", "早餐碗"];
const COLOURS: [&str; 3] = ["red", "green", "blue"];
const SIZES: [&str; 3] = ["s", "m", "l"];

/// What a variant is, as the tests reckon with it.
#[derive(Clone, Debug)]
struct Thing {
    price: i64,
    listed: Vec<Listed>,
    colour: &'static str,
    size: Option<&'static str>,
    is_left: bool,
}

/// A price, from which second on, and until which.
type Listed = (i64, Option<i64>, Option<i64>);

impl Thing {
    /// What it costs at this second.
    fn price(&self, at: i64) -> i64 {
        let counting = self.listed.iter().filter(|(_, from, until)| {
            from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
        });
        counting.fold(self.price, |lowest, (price, ..)| lowest.min(*price))
    }
}

/// What a product is.
#[derive(Clone, Debug)]
struct Good {
    words: Vec<&'static str>,
    runs: Vec<&'static str>,
    shelf: usize,
    published: i64,
    things: Vec<Thing>,
}

impl Good {
    /// What it costs at this second, at least.
    fn price_from(&self, at: i64) -> i64 {
        self.things.iter().map(|thing| thing.price(at)).min().unwrap()
    }
}

prop_compose! {
    /// All that begins and ends does so between `NOW` and two seconds later.
    fn listed()(
        price in select(vec![1, 99, 100, 300, 500, 2_000]),
        from in proptest::option::of(NOW..NOW + 2),
        until in proptest::option::of(NOW + 1..NOW + 3),
    ) -> Listed {
        (price, from, until)
    }
}

prop_compose! {
    fn thing()(
        price in select(vec![0, 99, 100, 450, 500, 1_200, 9_999]),
        listed in vec(listed(), 0..3),
        colour in select(&COLOURS[..]),
        size in proptest::option::of(select(&SIZES[..])),
        is_left: bool,
    ) -> Thing {
        Thing { price, listed, colour, size, is_left }
    }
}

prop_compose! {
    fn good()(
        words in vec(select(&WORDS[..]), 1..4),
        runs in vec(select(&RUNS[..]), 1..3),
        shelf in 0_usize..3,
        published in 0_i64..4,
        things in vec(thing(), 1..4),
    ) -> Good {
        Good { words, runs, shelf, published, things }
    }
}

fn shelf(n: usize) -> Shelf {
    Shelf { slug: format!("shelf-{n}"), name: text("", "") }
}

fn document(n: usize, good: &Good) -> Document {
    let with_sizes = good.things.iter().all(|it| it.size.is_some());
    let both = [text("顏色", "Colour"), text("尺寸", "Size")];
    let things = good.things.iter().enumerate();
    Document {
        id: product_id(n as u128),
        slug: format!("p-{n}"),
        name: text(&good.runs.join("、"), &good.words.join(" ")),
        subtitle: text("", ""),
        description: text("", ""),
        shelves: vec![shelf(good.shelf)],
        keywords: Vec::new(),
        options: both[..if with_sizes { 2 } else { 1 }].to_vec(),
        published_at: moment(good.published),
        variants: things
            .map(|(at, thing)| DocumentVariant {
                id: variant_id(n as u128, at as u128),
                codes: vec![format!("Z{n}-{at}")],
                name: text("", ""),
                options: [Some(thing.colour), thing.size.filter(|_| with_sizes)]
                    .into_iter()
                    .flatten()
                    .map(|value| text("", value))
                    .collect(),
                price: thing.price,
                listed: thing.listed.iter().map(listed_price).collect(),
            })
            .collect(),
    }
}

fn listed_price((price, from, until): &Listed) -> ListedPrice {
    ListedPrice { price: *price, valid_from: from.map(moment), valid_until: until.map(moment) }
}

fn left(goods: &[Good]) -> HashSet<VariantId> {
    let each = goods.iter().enumerate().flat_map(|(n, good)| {
        let things = good.things.iter().enumerate().filter(|(_, thing)| thing.is_left);
        things.map(move |(at, _)| variant_id(n as u128, at as u128))
    });
    each.collect()
}

fn shop(goods: &[Good]) -> Snapshot {
    let documents = goods.iter().enumerate().map(|(n, good)| document(n, good)).collect();
    snapshot_with(documents, &left(goods))
}

/// What may be asked beside words.
#[derive(Clone, Debug)]
struct Asked {
    shelf: Option<usize>,
    min: Option<i64>,
    max: Option<i64>,
    colours: BTreeSet<&'static str>,
    sizes: BTreeSet<&'static str>,
    in_stock: bool,
}

prop_compose! {
    fn asked()(
        shelf in proptest::option::of(0_usize..3),
        min in proptest::option::of(select(vec![100, 500])),
        max in proptest::option::of(select(vec![499, 5_000])),
        colours in proptest::collection::btree_set(select(&COLOURS[..]), 0..3),
        sizes in proptest::collection::btree_set(select(&SIZES[..]), 0..2),
        in_stock: bool,
    ) -> Asked {
        Asked { shelf, min, max, colours, sizes, in_stock }
    }
}

impl Asked {
    fn query(&self) -> SearchQuery {
        let filter = |option: &str, value: &&str| OptionFilter {
            option: option.into(),
            value: (*value).into(),
        };
        let colours = self.colours.iter().map(|it| filter("colour", it));
        SearchQuery {
            category: self.shelf.map(|n| shelf(n).slug),
            min_price: self.min,
            max_price: self.max,
            options: colours.chain(self.sizes.iter().map(|it| filter("size", it))).collect(),
            in_stock: self.in_stock,
            limit: PageLimit::clamped(Some(100)),
            ..SearchQuery::default()
        }
    }

    /// Whether a variant of the product fits at this second, one by one.
    fn fits(&self, good: &Good, at: i64) -> bool {
        let with_sizes = good.things.iter().all(|it| it.size.is_some());
        self.shelf.is_none_or(|shelf| shelf == good.shelf)
            && good.things.iter().any(|thing| {
                let size = thing.size.filter(|_| with_sizes);
                self.min.is_none_or(|min| thing.price(at) >= min)
                    && self.max.is_none_or(|max| thing.price(at) <= max)
                    && (self.colours.is_empty() || self.colours.contains(thing.colour))
                    && (self.sizes.is_empty() || size.is_some_and(|it| self.sizes.contains(it)))
                    && (!self.in_stock || thing.is_left)
            })
    }

    fn count(&self, goods: &[Good], at: i64) -> usize {
        goods.iter().filter(|good| self.fits(good, at)).count()
    }
}

/// One letter of a word left out, doubled, changed, or swapped with the next.
fn slip(word: &str, kind: u8, at: usize) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = 1 + at % (letters.len() - 2);
    match kind % 4 {
        0 => {
            letters.remove(at);
        }
        1 => letters.insert(at, letters[at]),
        2 => letters[at] = if letters[at] == 'q' { 'x' } else { 'q' },
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everything_is_found_by_its_words(
        goods in vec(good(), 1..12),
        which: prop::sample::Index,
        (length, kind, at) in (2_usize..9, 0_u8..4, 0_usize..9),
    ) {
        let n = which.index(goods.len());
        let shop = shop(&goods);
        let finds = |q: &str| {
            let query = SearchQuery { limit: PageLimit::clamped(Some(100)), ..asking(q) };
            found(&shop, &query).contains(&(n as u128))
        };
        for word in &goods[n].words {
            prop_assert!(finds(word), "{word}");
            prop_assert!(finds(&word.to_uppercase()), "{word}");
            let beginning = &word[..length.min(word.len())];
            prop_assert!(finds(beginning), "{beginning}");
            let part = &word[at.min(word.len() - 3)..];
            prop_assert!(finds(part), "{part}");
            let slipped = slip(word, kind, at);
            // A slip that makes a beginning or a part of another word means that.
            if !WORDS.iter().any(|other| other.contains(&slipped)) {
                prop_assert!(finds(&slipped), "{slipped} for {word}");
            }
        }
        for run in &goods[n].runs {
            let letters: Vec<char> = run.chars().collect();
            for pair in words::pairs(&letters) {
                prop_assert!(finds(&pair), "{pair}");
            }
            prop_assert!(letters.iter().all(|one| finds(&one.to_string())), "{run}");
            prop_assert!(finds(run), "{run}");
        }
        let all = goods[n].words.join(" ");
        prop_assert!(finds(&all), "{all}");
        let code = format!("z{n}-0");
        prop_assert!(finds(&code), "{code}");
    }

    #[test]
    fn counts_are_those_of_plain_reckoning(
        goods in vec(good(), 0..14),
        asked in asked(),
        at in NOW - 1..NOW + 3,
    ) {
        let answer = shop(&goods).search(&asked.query(), moment(at)).unwrap();
        prop_assert_eq!(answer.total, asked.count(&goods, at));
        let fitting = (0_u128..).zip(&goods).filter(|(_, good)| asked.fits(good, at));
        let expected: BTreeSet<u128> = fitting.map(|(n, _)| n).collect();
        let got: BTreeSet<u128> = numbers(&answer).into_iter().collect();
        prop_assert_eq!(got, expected);

        let facets = answer.facets;
        let left = Asked { in_stock: true, ..asked.clone() };
        prop_assert_eq!(facets.in_stock, left.count(&goods, at));
        let shelves: BTreeMap<_, _> =
            facets.categories.iter().map(|it| (it.slug.clone(), it.count)).collect();
        for n in 0..3 {
            let other = Asked { shelf: Some(n), ..asked.clone() };
            let count = shelves.get(&shelf(n).slug).copied().unwrap_or(0);
            prop_assert_eq!(count, other.count(&goods, at), "shelf {}", n);
        }
        let counted = |option: &str, value: &str| {
            let of = facets.options.iter().find(|it| it.key == option);
            let value = of.and_then(|it| it.values.iter().find(|it| it.key == value));
            value.map_or(0, |it| it.count)
        };
        for colour in COLOURS {
            let other = Asked { colours: [colour].into(), ..asked.clone() };
            prop_assert_eq!(counted("colour", colour), other.count(&goods, at), "{}", colour);
        }
        for size in SIZES {
            let other = Asked { sizes: [size].into(), ..asked.clone() };
            prop_assert_eq!(counted("size", size), other.count(&goods, at), "{}", size);
        }
        for range in &facets.prices {
            let (min, max) = (range.min.amount(), range.max.map(Money::amount));
            let other = Asked { min: Some(min), max, ..asked.clone() };
            prop_assert_eq!(range.count, other.count(&goods, at), "from {}", min);
        }
        let ranges: usize = facets.prices.iter().map(|it| it.count).sum();
        let any = Asked { min: None, max: None, ..asked };
        prop_assert!(ranges >= any.count(&goods, at), "every product has a price");
    }

    #[test]
    fn the_order_by_price_is_that_of_the_moment(
        goods in vec(good(), 0..14),
        at in NOW - 1..NOW + 3,
    ) {
        let shop = shop(&goods);
        for (sort, sign) in [(SearchSort::PriceAsc, 1), (SearchSort::PriceDesc, -1)] {
            let query = SearchQuery { sort, ..asking("") };
            let got = numbers(&shop.search(&query, moment(at)).unwrap());
            let mut expected: Vec<(i64, u128)> =
                goods.iter().zip(0..).map(|(good, n)| (sign * good.price_from(at), n)).collect();
            expected.sort_unstable();
            prop_assert_eq!(got, expected.into_iter().map(|(_, n)| n).collect::<Vec<_>>());
        }
    }

    /// Each page is asked for a second later than the one before: whatever keeps its price is on one
    /// of them.
    #[test]
    fn pages_end_also_when_prices_change_between_them(
        goods in vec(good(), 0..14),
        limit in 1_u32..4,
        sort in select(vec![SearchSort::PriceAsc, SearchSort::PriceDesc]),
        first in NOW - 4..NOW + 2,
    ) {
        let shop = shop(&goods);
        let (mut walked, mut cursor) = (Vec::new(), None);
        for at in first..first + 100 {
            let page = SearchQuery {
                sort, cursor: cursor.take(), limit: PageLimit::clamped(Some(limit)), ..asking("")
            };
            let answer = shop.search(&page, moment(at)).unwrap();
            walked.extend(numbers(&answer));
            cursor = answer.page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        prop_assert_eq!(cursor, None, "the pages end");
        for (n, good) in (0_u128..).zip(&goods) {
            let prices: BTreeSet<i64> = (NOW - 1..NOW + 3).map(|at| good.price_from(at)).collect();
            if prices.len() == 1 {
                prop_assert_eq!(walked.iter().filter(|it| **it == n).count(), 1, "{}", n);
            }
        }
    }

    /// Also when a new index, in another order and among others, comes between two pages.
    #[test]
    fn pages_hold_everything_once(
        goods in vec(good(), 0..14),
        limit in 1_u32..5,
        q in select(vec!["", "enamel", "馬克杯", "o"]),
        sort in select(vec![
            SearchSort::Relevance, SearchSort::Newest, SearchSort::PriceAsc, SearchSort::PriceDesc,
        ]),
    ) {
        let first = shop(&goods);
        let mut documents: Vec<Document> =
            goods.iter().enumerate().map(|(n, good)| document(n, good)).collect();
        documents.reverse();
        let second = snapshot(documents);
        let query = SearchQuery { sort, ..asking(q) };
        let whole = SearchQuery { limit: PageLimit::clamped(Some(100)), ..query.clone() };
        let (mut walked, mut cursor) = (Vec::new(), None);
        for turn in 0..100 {
            let page = SearchQuery {
                cursor: cursor.clone(), limit: PageLimit::clamped(Some(limit)), ..query.clone()
            };
            let shop = if turn % 2 == 0 { &first } else { &second };
            let answer = shop.search(&page, now()).unwrap();
            walked.extend(numbers(&answer));
            cursor = answer.page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        prop_assert_eq!(cursor, None, "the pages end");
        prop_assert_eq!(&walked, &found(&first, &whole));
        prop_assert_eq!(walked, found(&second, &whole));
    }
}
