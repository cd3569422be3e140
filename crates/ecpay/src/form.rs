//! Form bodies and `name=value` replies, read strictly: decoded once, empty values kept,
//! duplicate names refused, size bounded.

use std::fmt;

/// The largest body that is read. A full notice of ECPay's is about 2 KiB.
pub const MAX_BODY_BYTES: usize = 32 * 1024;
/// The most fields that are read. A full notice has about 50.
pub const MAX_FIELDS: usize = 200;

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More than [`MAX_BODY_BYTES`].
    #[error("the body has {bytes} bytes, more than {MAX_BODY_BYTES}")]
    TooLarge {
        /// The size of the body.
        bytes: usize,
    },
    /// More than [`MAX_FIELDS`].
    #[error("the body has more than {MAX_FIELDS} fields")]
    TooManyFields,
    /// A name came twice. Names that differ in case only count as the same, for the signature
    /// sorts without regard to case.
    #[error("the field `{0}` came more than once")]
    Duplicate(String),
    /// A `%` without two hexadecimal digits, or bytes that are no UTF-8.
    #[error("the body is not a UTF-8 form")]
    Encoding,
    /// A piece without a name or, in an unencoded reply, without `=`.
    #[error("the body is not a list of name=value")]
    Malformed,
}

/// The fields of a message in the order they came, values decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads an `application/x-www-form-urlencoded` body.
    ///
    /// ```
    /// let fields = ecpay::Fields::from_form(b"RtnMsg=%E6%88%90%E5%8A%9F&StoreID=")?;
    /// assert_eq!(fields.get("RtnMsg"), Some("成功"));
    /// assert_eq!(fields.get("StoreID"), Some(""));
    /// assert_eq!(fields.get("TradeNo"), None);
    /// # Ok::<(), ecpay::FormError>(())
    /// ```
    pub fn from_form(body: &[u8]) -> Result<Self, FormError> {
        check_size(body)?;
        let pieces = body.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
        Self::collect(pieces.map(|piece| {
            let (name, value) = split_at_equals(piece).unwrap_or((piece, &[]));
            Ok((decode(name)?, decode(value)?))
        }))
    }

    /// Reads a reply such as `QueryTradeInfo`'s: the same shape, but nothing is encoded, so `+`
    /// and `%` mean themselves, and so does an `&` in an item's name: a piece without `=` goes on
    /// with the value before it. (ECPay stores no `=` in such texts, so this is never ambiguous.)
    pub fn from_unencoded(reply: &[u8]) -> Result<Self, FormError> {
        check_size(reply)?;
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        for piece in reply.split(|byte| *byte == b'&') {
            if piece.contains(&b'=') {
                if pieces.len() == MAX_FIELDS {
                    return Err(FormError::TooManyFields);
                }
                pieces.push(piece.to_vec());
            } else {
                let before = pieces.last_mut().ok_or(FormError::Malformed)?;
                before.push(b'&');
                before.extend_from_slice(piece);
            }
        }
        Self::collect(pieces.iter().map(|piece| {
            let (name, value) = split_at_equals(piece).ok_or(FormError::Malformed)?;
            Ok((plain(name)?, plain(value)?))
        }))
    }

    fn collect(
        pieces: impl Iterator<Item = Result<(String, String), FormError>>,
    ) -> Result<Self, FormError> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for piece in pieces {
            let (name, value) = piece?;
            if fields.len() == MAX_FIELDS {
                return Err(FormError::TooManyFields);
            }
            if name.is_empty() {
                return Err(FormError::Malformed);
            }
            if fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                return Err(FormError::Duplicate(name));
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// The value of a field; `None` when it did not come at all.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field that came and is not empty.
    pub fn get_filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All fields, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many fields came.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no field came.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Fields {
    /// The fields as a form body, for logs and for keeping what was received.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_form_body(self.iter()))
    }
}

/// Encodes fields as an `application/x-www-form-urlencoded` body.
pub fn to_form_body<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        encode(name, &mut body);
        body.push('=');
        encode(value, &mut body);
    }
    body
}

fn encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b' ' => into.push('+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                into.push(char::from(byte));
            }
            _ => {
                into.push('%');
                into.push(char::from(HEX[usize::from(byte >> 4)]));
                into.push(char::from(HEX[usize::from(byte & 0x0f)]));
            }
        }
    }
}

fn check_size(body: &[u8]) -> Result<(), FormError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(FormError::TooLarge { bytes: body.len() });
    }
    Ok(())
}

fn split_at_equals(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = piece.iter().position(|byte| *byte == b'=')?;
    Some((&piece[..at], &piece[at + 1..]))
}

fn plain(bytes: &[u8]) -> Result<String, FormError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| FormError::Encoding)
}

fn decode(bytes: &[u8]) -> Result<String, FormError> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => decoded.push(b' '),
            b'%' => {
                let [high, low, after @ ..] = rest else { return Err(FormError::Encoding) };
                decoded.push(hex_digit(*high)? << 4 | hex_digit(*low)?);
                rest = after;
            }
            byte => decoded.push(*byte),
        }
    }
    String::from_utf8(decoded).map_err(|_| FormError::Encoding)
}

fn hex_digit(byte: u8) -> Result<u8, FormError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(FormError::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_exactly_once() {
        let fields = Fields::from_form(b"a=1%252B+2&b=%2B&c&d=x=y").unwrap();
        let all: Vec<_> = fields.iter().collect();
        assert_eq!(all, [("a", "1%2B 2"), ("b", "+"), ("c", ""), ("d", "x=y")]);
    }

    #[test]
    fn an_unencoded_reply_is_not_decoded() {
        let fields =
            Fields::from_unencoded("ItemName=A%41 B+C 50% x1#玫瑰&TradeNo=1".as_bytes()).unwrap();
        assert_eq!(fields.get("ItemName"), Some("A%41 B+C 50% x1#玫瑰"));
        let fields = Fields::from_unencoded(b"ItemName=A & B&&C#D&TradeNo=1").unwrap();
        assert_eq!(fields.get("ItemName"), Some("A & B&&C#D"));
        assert_eq!(fields.get("TradeNo"), Some("1"));
        assert_eq!(Fields::from_unencoded(b"TimeStamp Is Expired"), Err(FormError::Malformed));
        assert_eq!(Fields::from_unencoded(b""), Err(FormError::Malformed));
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        let cases: [(&[u8], FormError); 6] = [
            (b"a=1&a=1", FormError::Duplicate("a".into())),
            (b"TradeAmt=1&tradeamt=2", FormError::Duplicate("tradeamt".into())),
            (b"a=%zz", FormError::Encoding),
            (b"a=%4", FormError::Encoding),
            (b"a=%ff", FormError::Encoding),
            (b"=1", FormError::Malformed),
        ];
        for (body, error) in cases {
            assert_eq!(Fields::from_form(body), Err(error));
        }
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let large = vec![b'a'; MAX_BODY_BYTES + 1];
        assert_eq!(
            Fields::from_form(&large),
            Err(FormError::TooLarge { bytes: MAX_BODY_BYTES + 1 })
        );
        let many: Vec<String> = (0..=MAX_FIELDS).map(|i| format!("f{i}=")).collect();
        let many = many.join("&");
        assert_eq!(Fields::from_form(many.as_bytes()), Err(FormError::TooManyFields));
    }

    #[test]
    fn encoding_and_decoding_are_inverse() {
        let fields = [("名", "a b+c%26&=~\"<>\n"), ("empty", "")];
        let body = to_form_body(fields);
        let back = Fields::from_form(body.as_bytes()).unwrap();
        assert_eq!(back.iter().collect::<Vec<_>>(), fields);
        assert_eq!(back.to_string(), body);
    }
}
