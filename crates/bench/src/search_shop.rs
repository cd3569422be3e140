//! A hundred thousand products to be found, and what people type to find them: the same ones each time.

use jiff::Timestamp;
use kernel::LocalizedText;
use search::{Document, DocumentVariant, SearchQuery, Shelf};
use uuid::Uuid;

use crate::load::random::Random;

/// Products.
pub const PRODUCTS: usize = 100_000;
/// From here on everything is published.
pub const NOW: i64 = 1_800_000_000;

const MAKES: [(&str, &str); 16] = [
    ("手工", "Handmade"),
    ("琺瑯", "Enamel"),
    ("檜木", "Hinoki"),
    ("陶瓷", "Ceramic"),
    ("黃銅", "Brass"),
    ("帆布", "Canvas"),
    ("不鏽鋼", "Stainless"),
    ("羊毛", "Woollen"),
    ("有機", "Organic"),
    ("復古", "Vintage"),
    ("日式", "Japanese"),
    ("輕量", "Lightweight"),
    ("折疊", "Folding"),
    ("防水", "Waterproof"),
    ("手沖", "Pour-over"),
    ("阿里山", "Alishan"),
];
const THINGS: [(&str, &str); 24] = [
    ("馬克杯", "Mug"),
    ("茶壺", "Teapot"),
    ("烏龍茶", "Oolong Tea"),
    ("餐盤", "Plate"),
    ("湯匙", "Spoon"),
    ("鋼筆", "Fountain Pen"),
    ("筆記本", "Notebook"),
    ("後背包", "Backpack"),
    ("托特包", "Tote Bag"),
    ("圍巾", "Scarf"),
    ("毛毯", "Blanket"),
    ("蠟燭", "Candle"),
    ("收音機", "Radio"),
    ("檯燈", "Desk Lamp"),
    ("鑄鐵鍋", "Skillet"),
    ("砧板", "Cutting Board"),
    ("指南針", "Compass"),
    ("睡袋", "Sleeping Bag"),
    ("蜂蜜", "Honey"),
    ("月餅禮盒", "Mooncake Box"),
    ("手機殼", "Phone Case"),
    ("鍵盤", "Keyboard"),
    ("耳機", "Headphones"),
    ("T恤", "T-Shirt"),
];
const COLOURS: [(&str, &str); 8] = [
    ("白", "White"),
    ("黑", "Black"),
    ("莓紅", "Berry"),
    ("墨綠", "Forest"),
    ("靛藍", "Indigo"),
    ("鵝黃", "Yellow"),
    ("灰", "Grey"),
    ("原木", "Natural"),
];
const SIZES: [&str; 4] = ["S", "M", "L", "XL"];
const SYLLABLES: [&str; 20] = [
    "ka", "ri", "to", "mei", "lan", "sho", "vel", "tor", "bin", "qua", "zen", "dor", "fi", "lu",
    "mar", "no", "pel", "ra", "su", "wen",
];
const CHARACTERS: [&str; 20] = [
    "山", "海", "雲", "風", "月", "光", "青", "白", "大", "小", "和", "安", "永", "福", "春", "秋",
    "石", "木", "花", "鳥",
];

fn text((zh, en): (&str, &str)) -> LocalizedText {
    LocalizedText::new(zh, en)
}

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len())]
}

fn several(random: &mut Random, from: &[&str], count: usize) -> String {
    (0..count).map(|_| pick(random, from)).collect()
}

/// The products.
pub fn documents() -> Vec<Document> {
    let mut random = Random::new(7);
    (0..PRODUCTS).map(|n| document(&mut random, n)).collect()
}

fn document(random: &mut Random, n: usize) -> Document {
    let (make, thing) = (pick(random, &MAKES), pick(random, &THINGS));
    // Some thousands of brands and models, so that there is a vocabulary to slip in.
    let brand = (several(random, &CHARACTERS, 2), several(random, &SYLLABLES, 3));
    let name = (
        format!("{}{}{}", brand.0, make.0, thing.0),
        format!("{} {} {}", brand.1, make.1, thing.1),
    );
    let said = format!("{}的{}，每天都會用到的{}。", make.0, thing.0, thing.0);
    let shelf = n % 40;
    let variants = 1 + random.below(4);
    let price = 50 + i64::try_from(random.below(9_000)).unwrap_or_default();
    Document {
        id: Uuid::from_u128((1 << 100) | n as u128).into(),
        slug: format!("product-{n}"),
        name: LocalizedText::new(name.0, name.1),
        subtitle: LocalizedText::new(format!("{}出品", brand.0), format!("By {}", brand.1)),
        description: LocalizedText::new(
            said.repeat(4),
            format!("{} for every day, made of what lasts. ", thing.1).repeat(4),
        ),
        shelves: vec![Shelf {
            slug: format!("shelf-{shelf}"),
            name: LocalizedText::new(format!("分類{shelf}"), format!("Shelf {shelf}")),
        }],
        keywords: Vec::new(),
        options: vec![text(("顏色", "Colour")), text(("尺寸", "Size"))],
        published_at: Timestamp::from_second(NOW - i64::try_from(n).unwrap_or_default())
            .unwrap_or_default(),
        variants: (0..variants)
            .map(|at| DocumentVariant {
                id: Uuid::from_u128((2 << 100) | (n * 8 + at) as u128).into(),
                codes: vec![format!("{}-{n:06}-{at}", &thing.1[..2].to_uppercase())],
                name: LocalizedText::default(),
                options: vec![text(pick(random, &COLOURS)), {
                    let size = pick(random, &SIZES);
                    text((size, size))
                }],
                price: price + i64::try_from(at * 30).unwrap_or_default(),
                listed: Vec::new(),
            })
            .collect(),
    }
}

/// What people type: whole words, beginnings, slips, codes, several words, filters, and now and then
/// nothing at all, which is the dearest question.
pub fn query(random: &mut Random) -> SearchQuery {
    let (make, thing) = (pick(random, &MAKES), pick(random, &THINGS));
    let q = match random.below(9) {
        0 => thing.0.to_owned(),
        1 => thing.1.to_owned(),
        2 => format!("{}{}", make.0, thing.0),
        3 => format!("{} {}", make.1, thing.1),
        4 => thing.1.chars().take(3).collect(),
        5 => slip(thing.1),
        6 => format!("{:06}", random.below(PRODUCTS)),
        7 => several(random, &SYLLABLES, 3),
        _ => String::new(),
    };
    let colour = pick(random, &COLOURS).1.to_lowercase();
    let option = format!("colour:{colour}").parse();
    let narrowed = random.below(3) == 0;
    SearchQuery {
        q,
        options: option.into_iter().filter(|_| narrowed).collect(),
        max_price: narrowed.then_some(5_000),
        in_stock: narrowed,
        ..SearchQuery::default()
    }
}

/// Two letters that changed places.
fn slip(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.swap(1, 2);
    letters.into_iter().collect()
}

/// What is in the field while somebody types.
pub fn typed(random: &mut Random) -> String {
    let (zh, en) = pick(random, &THINGS);
    let word = if random.below(2) == 0 { zh } else { en };
    let letters = word.chars().count();
    word.chars().take(1 + random.below(letters)).collect()
}
