//! The bytes of a request, made once and patched for each use.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::random::{Draw, Random, Spread};

/// What is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// `POST /api/orders`, each with a key and a buyer of its own.
    Orders {
        /// What is for sale; the first is the most wanted.
        variants: Vec<Uuid>,
        /// How the demand is spread.
        spread: Spread,
        /// Lines in an order, all of different variants.
        lines: usize,
    },
    /// `GET` of a path.
    Read {
        /// The path.
        path: String,
        /// Whether as browsers ask, who can read compressed answers.
        compressed: bool,
    },
}

/// Digits that are different in every request.
const KEY_LENGTH: usize = 32;
const BUYER_LENGTH: usize = 16;
const ID_LENGTH: usize = 36;

/// Makes requests. Cheap to use: a few dozen bytes are written into a copy of the whole.
#[derive(Debug)]
pub struct Requests {
    template: Vec<u8>,
    /// Where the key, the buyer and the variants stand.
    key: Option<usize>,
    buyer: usize,
    lines: Vec<usize>,
    /// The variants as text.
    variants: Vec<[u8; ID_LENGTH]>,
    draw: Draw,
    random: Random,
    /// Makes the keys of this run different from those of every other one.
    run: u64,
    number: u64,
}

impl Requests {
    /// Requests to `server`.
    pub fn new(ask: &Ask, server: SocketAddr, seed: u64) -> Self {
        let run = Random::new(seed).next();
        let none = Draw::new(Spread::One, 1);
        match ask {
            Ask::Read { path, compressed } => Self {
                template: format!(
                    "GET {path} HTTP/1.1\r\nhost: {server}\r\naccept: */*\r\n{}\r\n",
                    if *compressed { "accept-encoding: gzip, deflate, br, zstd\r\n" } else { "" }
                )
                .into_bytes(),
                key: None,
                buyer: 0,
                lines: Vec::new(),
                variants: Vec::new(),
                draw: none,
                random: Random::new(seed),
                run,
                number: 0,
            },
            Ask::Orders { variants, spread, lines } => {
                let template = order(server, *lines);
                let text = String::from_utf8_lossy(&template);
                let place = |what: &str| text.find(what).unwrap_or(0);
                let lines = text.match_indices(VARIANT).map(|(at, _)| at).collect();
                Self {
                    key: Some(place(KEY)),
                    buyer: place(BUYER),
                    lines,
                    variants: variants.iter().map(text_of).collect(),
                    draw: Draw::new(*spread, variants.len()),
                    random: Random::new(seed),
                    run,
                    number: 0,
                    template,
                }
            }
        }
    }

    /// A request's bytes, to be [patched](Self::patch) before each use.
    pub fn blank(&self) -> Vec<u8> {
        self.template.clone()
    }

    /// Turns the bytes into the next request.
    pub fn patch(&mut self, bytes: &mut [u8]) {
        let Some(key) = self.key else { return };
        self.number += 1;
        hex(self.run, &mut bytes[key..key + KEY_LENGTH / 2]);
        hex(self.number, &mut bytes[key + KEY_LENGTH / 2..key + KEY_LENGTH]);
        hex(self.number, &mut bytes[self.buyer..self.buyer + BUYER_LENGTH]);
        let mut taken = [usize::MAX; 8];
        for (line, at) in self.lines.iter().enumerate() {
            let mut rank = self.draw.next(&mut self.random);
            while taken[..line.min(8)].contains(&rank) {
                rank = self.draw.next(&mut self.random);
            }
            if let Some(place) = taken.get_mut(line) {
                *place = rank;
            }
            bytes[*at..*at + ID_LENGTH].copy_from_slice(&self.variants[rank]);
        }
    }
}

const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
const BUYER: &str = "bbbbbbbbbbbbbbbb";
const VARIANT: &str = "vvvvvvvv-vvvv-vvvv-vvvv-vvvvvvvvvvvv";

fn order(server: SocketAddr, lines: usize) -> Vec<u8> {
    let item = format!(r#"{{"variant_id":"{VARIANT}","quantity":1}}"#);
    let items = vec![item; lines.max(1)].join(",");
    let body = format!(
        r#"{{"items":[{items}],"contact":{{"email":"buyer-{BUYER}@example.com","phone":"0912345678"}},"shipping_address":{{"name":"王小明","phone":"0912345678","postal_code":"100","city":"臺北市","district":"中正區","address1":"重慶南路一段 122 號","address2":null}},"shipping_method":"home_delivery","payment_method":"ecpay_credit","coupon_code":null,"note":null}}"#
    );
    format!(
        "POST /api/orders HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\n\
         idempotency-key: {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn text_of(id: &Uuid) -> [u8; ID_LENGTH] {
    let mut text = [0; ID_LENGTH];
    id.hyphenated().encode_lower(&mut text);
    text
}

/// The last digits of a number.
fn hex(number: u64, into: &mut [u8]) {
    let mut rest = number;
    for digit in into.iter_mut().rev() {
        *digit = b"0123456789abcdef"[usize::try_from(rest & 15).unwrap_or(0)];
        rest >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn body(bytes: &[u8]) -> serde_json::Value {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())));
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn every_order_has_a_key_and_a_buyer_of_its_own_and_different_lines() {
        let variants: Vec<Uuid> = (1..=4).map(Uuid::from_u128).collect();
        let ask = Ask::Orders { variants: variants.clone(), spread: Spread::Uniform, lines: 3 };
        let mut requests = Requests::new(&ask, "127.0.0.1:8080".parse().unwrap(), 1);
        let mut bytes = requests.blank();
        let (mut keys, mut buyers) = (HashSet::new(), HashSet::new());
        for _ in 0..100 {
            requests.patch(&mut bytes);
            let text = String::from_utf8(bytes.clone()).unwrap();
            let key = text.split("idempotency-key: ").nth(1).unwrap()[..32].to_owned();
            assert!(keys.insert(key));
            let body = body(&bytes);
            assert!(buyers.insert(body["contact"]["email"].as_str().unwrap().to_owned()));
            let lines: HashSet<Uuid> = body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["variant_id"].as_str().unwrap().parse().unwrap())
                .collect();
            assert_eq!(lines.len(), 3);
            assert!(lines.iter().all(|id| variants.contains(id)));
        }
    }

    #[test]
    fn another_run_has_other_keys() {
        let ask = Ask::Orders { variants: vec![Uuid::nil()], spread: Spread::One, lines: 1 };
        let server = "127.0.0.1:1".parse().unwrap();
        let [a, b] = [1, 2].map(|seed| {
            let mut requests = Requests::new(&ask, server, seed);
            let mut bytes = requests.blank();
            requests.patch(&mut bytes);
            bytes
        });
        assert_ne!(a, b);
    }
}
