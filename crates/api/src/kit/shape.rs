//! A reader of JSON that takes what the API's description says, and no more.
//!
//! serde takes the fields of a struct also in their order, as an array: `["a@example.com", "0912…"]`
//! would be a contact. And it takes NUL in texts, which PostgreSQL cannot keep. Neither is meant
//! anywhere, so it is refused in one place, however deep it lies, instead of in each form.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

/// What reads, and what reads on within it.
#[derive(Clone, Copy, Debug)]
pub struct Shaped<D>(pub D);

/// What may stand here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A struct: an object, and no array.
    Struct,
    /// Whatever the visitor takes.
    Anything,
}

struct ShapedVisitor<V> {
    visitor: V,
    place: Place,
}

impl<V> ShapedVisitor<V> {
    const fn of(visitor: V) -> Self {
        Self { visitor, place: Place::Anything }
    }
}

macro_rules! pass_on {
    ($($name:ident)+) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name(ShapedVisitor::of(visitor))
        })+
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Shaped<D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32
        deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_option deserialize_unit deserialize_seq deserialize_map
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, ShapedVisitor::of(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, ShapedVisitor::of(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, ShapedVisitor::of(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, length, ShapedVisitor::of(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = ShapedVisitor { visitor, place: Place::Struct };
        self.0.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, ShapedVisitor::of(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// A text as it may be.
fn text<E: Error>(text: &str) -> Result<&str, E> {
    if text.as_bytes().contains(&0) { Err(E::custom("holds a NUL character")) } else { Ok(text) }
}

macro_rules! hand_on {
    ($($name:ident: $type:ty,)+) => {
        $(fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$name(value)
        })+
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ShapedVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    hand_on! {
        visit_bool: bool,
        visit_i8: i8,
        visit_i16: i16,
        visit_i32: i32,
        visit_i64: i64,
        visit_i128: i128,
        visit_u8: u8,
        visit_u16: u16,
        visit_u32: u32,
        visit_u64: u64,
        visit_u128: u128,
        visit_f32: f32,
        visit_f64: f64,
        visit_char: char,
        visit_bytes: &[u8],
        visit_borrowed_bytes: &'de [u8],
        visit_byte_buf: Vec<u8>,
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.visitor.visit_str(text(value)?)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.visitor.visit_borrowed_str(text(value)?)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<V::Value, E> {
        text(&value)?;
        self.visitor.visit_string(value)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Shaped(inner))
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Shaped(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        match self.place {
            Place::Struct => Err(Error::invalid_type(Unexpected::Seq, &"an object")),
            Place::Anything => self.visitor.visit_seq(Shaped(inner)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Shaped(inner))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Shaped(inner))
    }
}

/// What a part is read into.
struct Part<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Part<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Shaped(inner))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Shaped<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Part(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Shaped<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(Part(seed))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Part(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Shaped<A> {
    type Error = A::Error;
    type Variant = Shaped<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(Part(seed))?;
        Ok((value, Shaped(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Shaped<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Part(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, ShapedVisitor::of(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = ShapedVisitor { visitor, place: Place::Struct };
        self.0.struct_variant(fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize, de::DeserializeOwned};
    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Leaf {
        text: String,
        number: i64,
    }

    #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
    enum Either {
        Nothing,
        One(Leaf),
        Named { leaf: Leaf },
    }

    #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
    struct Tree {
        leaf: Leaf,
        some: Option<Leaf>,
        many: Vec<Leaf>,
        by_name: BTreeMap<String, Leaf>,
        pair: (u8, Leaf),
        either: Vec<Either>,
        whatever: Value,
    }

    fn read<T: DeserializeOwned>(json: &Value) -> Result<T, serde_json::Error> {
        let text = json.to_string();
        let mut reader = serde_json::Deserializer::from_str(&text);
        T::deserialize(Shaped(&mut reader))
    }

    fn tree() -> Value {
        let leaf = json!({"text": "t", "number": 1});
        json!({
            "leaf": leaf, "some": leaf, "many": [leaf], "by_name": {"a": leaf}, "pair": [1, leaf],
            "either": ["Nothing", {"One": leaf}, {"Named": {"leaf": leaf}}], "whatever": [1, {}]
        })
    }

    const LEAVES: [&str; 7] = [
        "/leaf",
        "/some",
        "/many/0",
        "/by_name/a",
        "/pair/1",
        "/either/1/One",
        "/either/2/Named/leaf",
    ];

    #[test]
    fn an_object_is_read_wherever_it_stands_and_an_array_is_not() {
        let read_at_all: Tree = read(&tree()).unwrap();
        assert_eq!(json!(read_at_all), tree());
        for place in LEAVES {
            let mut changed = tree();
            *changed.pointer_mut(place).unwrap() = json!(["t", 1]);
            // What plain serde would take.
            assert!(serde_json::from_value::<Tree>(changed.clone()).is_ok(), "{place}");
            let error = read::<Tree>(&changed).unwrap_err();
            assert!(error.is_data() && error.to_string().contains("an object"), "{place}: {error}");
        }
    }

    #[test]
    fn nul_is_in_no_text() {
        for place in LEAVES {
            let mut changed = tree();
            *changed.pointer_mut(place).unwrap() = json!({"text": "a\u{0}b", "number": 1});
            let error = read::<Tree>(&changed).unwrap_err();
            assert!(error.to_string().contains("NUL"), "{place}: {error}");
        }
        for value in [json!({"whatever": "\u{0}"}), json!({"\u{0}": 1})] {
            assert!(read::<Value>(&value).is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn everything_else_is_read_as_without_it(
            text in "[^\0]{0,8}", number: i64, some: bool, many in 0_usize..3,
        ) {
            let leaf = Leaf { text, number };
            let mut tree: Tree = read(&tree()).unwrap();
            tree.some = some.then(|| leaf.clone());
            tree.many = vec![leaf.clone(); many];
            tree.either.push(Either::One(leaf));
            let json = json!(tree);
            prop_assert_eq!(read::<Tree>(&json).unwrap(), tree);
        }
    }
}
