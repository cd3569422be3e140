//! Mails about parcels.

use jiff::Timestamp;
use kernel::{Locale, LocalizedText};
use serde::{Deserialize, Serialize};

use crate::{
    letter::{Letter, day_in_taipei, in_taipei},
    message::{Message, about_an_order},
    payload::{Goods, Order, sample},
    phrases::Phrases,
    render::RenderError,
};

/// A parcel left. Also the data of `shipment.shipped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipped {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Who brings it.
    #[serde(default)]
    pub carrier_name: Option<LocalizedText>,
    /// Its number there.
    #[serde(default)]
    pub tracking_number: Option<String>,
    /// Where it can be followed.
    #[serde(default)]
    pub tracking_url: Option<String>,
    /// What is in it.
    #[serde(default)]
    pub lines: Vec<Goods>,
    /// Whether another parcel follows.
    #[serde(default)]
    pub more_follows: bool,
}

impl Message for OrderShipped {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let locale = self.order.locale;
        let mut letter = Letter::about(&self.order, say)?.lead(say.text("lead")?);
        if let Some(carrier) = &self.carrier_name {
            letter = letter.fact(say.text("carrier")?, carrier.get(locale));
        }
        if let Some(number) = &self.tracking_number {
            letter = letter.fact(say.text("tracking_number")?, number);
        }
        if !self.lines.is_empty() {
            letter = letter.goods_title(say.text("parcel")?);
        }
        for line in &self.lines {
            let in_language = |text: &Option<LocalizedText>| {
                text.as_ref().map(|text| text.get(locale).to_owned()).filter(|it| !it.is_empty())
            };
            let name = in_language(&line.name).or_else(|| line.sku.clone()).unwrap_or_default();
            let variant = in_language(&line.variant_name).unwrap_or_default();
            letter = letter.item(&name, &variant, line.quantity, None);
        }
        if self.more_follows {
            letter = letter.more(say.text("more_follows")?);
        }
        if let Some(url) = &self.tracking_url {
            letter = letter.link(url, say.text("track")?);
        }
        Ok(letter)
    }

    fn sample(locale: Locale) -> Self {
        Self {
            order: sample::order(locale),
            carrier_name: Some(LocalizedText::new("黑貓宅急便", "T-CAT")),
            tracking_number: Some("123456789012".to_owned()),
            tracking_url: Some("https://carrier.example/track?no=123456789012".to_owned()),
            lines: sample::goods(),
            more_follows: true,
        }
    }
}

/// A parcel arrived. Also the data of `shipment.delivered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDelivered {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// When.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    /// The last day on which it may be sent back.
    #[serde(default)]
    pub return_until: Option<Timestamp>,
}

impl Message for OrderDelivered {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let locale = self.order.locale;
        let mut letter = Letter::about(&self.order, say)?.lead(say.text("lead")?);
        if let Some(at) = self.delivered_at {
            letter = letter.fact(say.text("delivered_at")?, &in_taipei(at, locale));
        }
        match self.return_until {
            Some(day) => {
                let words = [("day", &*day_in_taipei(day, locale))];
                Ok(letter.more(&say.fill("return_until", &words)?))
            }
            None => Ok(letter.more(say.text("more")?)),
        }
    }

    fn sample(locale: Locale) -> Self {
        Self {
            order: sample::order(locale),
            delivered_at: Some(sample::time(0)),
            return_until: Some(sample::time(7)),
        }
    }
}
