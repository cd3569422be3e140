//! The columns of a product CSV: Shopify's names, the older ones and the newer ones.

/// How many options a product can have.
pub const OPTIONS: u8 = 5;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    Handle,
    Title,
    Body,
    Category,
    Type,
    Tags,
    Published,
    Status,
    /// From 0.
    OptionName(u8),
    /// From 0.
    OptionValue(u8),
    Sku,
    Grams,
    Price,
    CompareAt,
    Barcode,
    ImageSrc,
    ImagePosition,
    ImageAlt,
    VariantImage,
}

impl Column {
    /// The column of this name.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase();
        if let Some(rest) = name.strip_prefix("option") {
            let (number, what) = rest.split_once(' ')?;
            let place: u8 = number.parse().ok().filter(|it| (1..=OPTIONS).contains(it))?;
            return match what {
                "name" => Some(Self::OptionName(place - 1)),
                "value" => Some(Self::OptionValue(place - 1)),
                _ => None,
            };
        }
        Some(match name.as_str() {
            "handle" | "url handle" => Self::Handle,
            "title" => Self::Title,
            "body (html)" | "body" | "description" => Self::Body,
            "product category" => Self::Category,
            "type" => Self::Type,
            "tags" => Self::Tags,
            "published" | "published on online store" => Self::Published,
            "status" => Self::Status,
            "variant sku" | "sku" => Self::Sku,
            "variant grams" | "weight value (grams)" => Self::Grams,
            "variant price" | "price" => Self::Price,
            "variant compare at price" | "compare at price" | "compare-at price" => Self::CompareAt,
            "variant barcode" | "barcode" => Self::Barcode,
            "image src" | "product image url" => Self::ImageSrc,
            "image position" => Self::ImagePosition,
            "image alt text" => Self::ImageAlt,
            "variant image" | "variant image url" => Self::VariantImage,
            _ => return None,
        })
    }

    /// What is said of a column that is not taken.
    pub fn left_out(name: &str) -> &'static str {
        match name.trim().to_lowercase().as_str() {
            "variant inventory qty" | "inventory quantity" => {
                "is not taken: stock has files of its own, see `oxcart import stock`"
            }
            _ => "is not taken: the catalogue has no place for it",
        }
    }
}

/// The first line of an export. Options four and five are Oxcart's own.
pub const EXPORTED: [&str; 26] = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Option2 Name",
    "Option2 Value",
    "Option3 Name",
    "Option3 Value",
    "Option4 Name",
    "Option4 Value",
    "Option5 Name",
    "Option5 Value",
    "Variant SKU",
    "Variant Grams",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Barcode",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "Variant Image",
    "Status",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_out_is_known_when_it_comes_in() {
        for name in EXPORTED {
            assert!(Column::named(name).is_some(), "{name}");
        }
        assert_eq!(Column::named(" URL handle "), Some(Column::Handle));
        assert_eq!(Column::named("Option3 value"), Some(Column::OptionValue(2)));
        assert_eq!(Column::named("Option6 Value"), None);
        assert_eq!(Column::named("Option1 Linked To"), None);
        assert_eq!(Column::named("Vendor"), None);
    }
}
