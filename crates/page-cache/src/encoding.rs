//! The forms a page is sent in: each is made once.

use std::io::Write as _;

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

/// Half of what the best takes off is here for a tenth of its time.
const BROTLI_QUALITY: i32 = 5;
const BROTLI_WINDOW: i32 = 20;
const GZIP_LEVEL: u32 = 6;

/// What a client can read, besides the plain form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    br: bool,
    gzip: bool,
}

impl Accepted {
    /// What its headers say.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        for line in headers.get_all(header::ACCEPT_ENCODING) {
            let Ok(line) = line.to_str() else { continue };
            for coding in line.split(',') {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                let wanted = !refused(weight);
                match name.trim() {
                    name if name.eq_ignore_ascii_case("br") => accepted.br = wanted,
                    name if name.eq_ignore_ascii_case("gzip") => accepted.gzip = wanted,
                    _ => {}
                }
            }
        }
        accepted
    }
}

/// `q=0`, however many digits it has.
fn refused(weight: &str) -> bool {
    let number = weight.trim().strip_prefix("q=").or_else(|| weight.trim().strip_prefix("Q="));
    number.is_some_and(|number| number.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
}

/// A page in one form.
#[derive(Debug)]
pub struct Form {
    /// Its bytes.
    pub body: Bytes,
    /// Its name: another one for each form.
    pub etag: HeaderValue,
    /// What it is coded with, if it is.
    pub coding: Option<&'static str>,
}

/// A page in every form that is worth it.
#[derive(Debug)]
pub struct Forms {
    plain: Form,
    br: Option<Form>,
    gzip: Option<Form>,
}

impl Forms {
    /// Makes them. This is work: some milliseconds for a large page.
    pub fn of(body: Bytes) -> Self {
        let hash = HEXLOWER.encode(&Sha256::digest(&body)[..12]);
        let form = |body: Bytes, coding: Option<&'static str>| {
            let suffix = coding.map(|coding| format!("-{coding}")).unwrap_or_default();
            let etag = format!("\"{hash}{suffix}\"");
            // Hexadecimal digits and the names above.
            HeaderValue::try_from(etag).ok().map(|etag| Form { body, etag, coding })
        };
        // Not worth a form of its own unless it is a good deal smaller.
        let worth = |coded: Option<Vec<u8>>, coding| {
            let coded = coded.filter(|coded| coded.len() + coded.len() / 8 < body.len())?;
            form(Bytes::from(coded), Some(coding))
        };
        let (br, gzip) = (worth(brotli(&body), "br"), worth(gzip(&body), "gzip"));
        let etag = HeaderValue::from_static("\"-\"");
        let plain = form(body.clone(), None).unwrap_or(Form { body, etag, coding: None });
        Self { plain, br, gzip }
    }

    /// The smallest that the client can read.
    pub fn best(&self, accepted: Accepted) -> &Form {
        let br = self.br.as_ref().filter(|_| accepted.br);
        br.or(self.gzip.as_ref().filter(|_| accepted.gzip)).unwrap_or(&self.plain)
    }

    /// Whether this is the page, to the byte.
    pub fn is(&self, body: &[u8]) -> bool {
        self.plain.body == body
    }

    /// Bytes of all forms.
    pub fn weight(&self) -> usize {
        let coded = self.br.iter().chain(&self.gzip);
        self.plain.body.len() + coded.map(|form| form.body.len()).sum::<usize>()
    }
}

fn brotli(body: &[u8]) -> Option<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: body.len(),
        ..Default::default()
    };
    let mut coded = Vec::with_capacity(body.len() / 3);
    brotli::BrotliCompress(&mut &*body, &mut coded, &params).ok()?;
    Some(coded)
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let coded = Vec::with_capacity(body.len() / 3);
    let mut encoder = GzEncoder::new(coded, Compression::new(GZIP_LEVEL));
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn accepted(text: &str) -> Accepted {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
        Accepted::of(&headers)
    }

    #[test]
    fn what_a_client_refuses_it_does_not_get() {
        let both = Accepted { br: true, gzip: true };
        assert_eq!(accepted("gzip, deflate, br, zstd"), both);
        assert_eq!(accepted("GZIP;q=0.5, Br;q=1.0"), both);
        assert_eq!(accepted("br;q=0, gzip"), Accepted { br: false, gzip: true });
        assert_eq!(accepted("br; q=0.000"), Accepted::default());
        assert_eq!(accepted("deflate, *;q=0"), Accepted::default());
        assert_eq!(Accepted::of(&HeaderMap::new()), Accepted::default());
    }

    #[test]
    fn small_pages_have_one_form_and_large_ones_the_smallest_first() {
        let small = Forms::of(Bytes::from_static(b"<p>hi</p>"));
        assert_eq!(small.best(accepted("br, gzip")).coding, None);
        let large = Forms::of(Bytes::from("<li>cup</li>".repeat(500)));
        let best = |text| large.best(accepted(text)).coding;
        assert_eq!(
            (best("br, gzip"), best("gzip"), best("zstd")),
            (Some("br"), Some("gzip"), None)
        );
        let etag = |text| large.best(accepted(text)).etag.clone();
        assert_ne!(etag("br"), etag("gzip"));
        assert_ne!(etag("gzip"), etag(""));
    }

    proptest! {
        #[test]
        fn every_form_is_the_same_page(text in "(<[a-z]{1,4}>[a-z茶 ]{0,30}){0,200}") {
            let forms = Forms::of(Bytes::from(text.clone()));
            prop_assert_eq!(&forms.best(Accepted::default()).body[..], text.as_bytes());
            prop_assert!(forms.is(text.as_bytes()));
            let br = forms.best(accepted("br"));
            if br.coding.is_some() {
                let mut plain = Vec::new();
                brotli::BrotliDecompress(&mut &*br.body, &mut plain).unwrap();
                prop_assert_eq!(plain, text.as_bytes());
            }
            let gzip = forms.best(accepted("gzip"));
            if gzip.coding.is_some() {
                let mut plain = String::new();
                flate2::read::GzDecoder::new(&*gzip.body).read_to_string(&mut plain).unwrap();
                prop_assert_eq!(&plain, &text);
            }
            prop_assert!(forms.weight() >= text.len());
        }
    }
}
