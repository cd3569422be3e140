//! The short run of every fuzz target: over its seeds, and over some thousands of their neighbours.
//!
//! The neighbours are others each time. A failure prints the seed that makes the same ones again
//! (`FUZZ_SEED=…`), and the bytes: put them into a file of `fuzz/corpus/<target>/`, and they are
//! tried for ever.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::{
    collections::BTreeSet,
    fs,
    hash::{BuildHasher as _, RandomState},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fuzzing::{TARGETS, Target};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// How many neighbours are tried.
const NEIGHBOURS: usize = 4_000;
/// When this time is over, as many as were tried are enough.
const ENOUGH: Duration = Duration::from_secs(4);
/// The most changes that make a neighbour.
const CHANGES: u32 = 6;
/// The longest neighbour: what is read without bound is tried by libFuzzer.
const LONGEST: usize = 4_096;

/// What is put in: the words and signs by which parsers find their way.
const BITS: [&[u8]; 28] = [
    b"\0",
    b"\\u0000",
    b"%00",
    b"\xff",
    b"\xc3\x28",
    b"\r\n",
    b"\n",
    b"\t",
    b",",
    b";",
    b"=",
    b"&",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b"//",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e400",
    b"null",
    b"NaN",
    "\u{ff1d}".as_bytes(),
    "\u{202e}王".as_bytes(),
];

macro_rules! runs {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                short_run(Target { name: stringify!($name), run: fuzzing::$name });
            }
        )+

        const RUNS: &[&str] = &[$(stringify!($name)),+];
    };
}

runs! {
    accept_language
    access_token
    account_words
    csv_row
    cursor
    ecpay_files
    ecpay_notice
    ecpay_replies
    forwarded_for
    idempotency_key
    list_parameters
    opaque_token
    order_body
    policy_file
    product_file
}

#[test]
fn every_target_has_its_run_its_program_and_its_seeds() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(RUNS.iter().copied().collect::<BTreeSet<_>>(), names);
    let manifest: toml::Table =
        fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
    let programs: BTreeSet<&str> = manifest["bin"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bin| bin["name"].as_str().unwrap())
        .collect();
    assert_eq!(programs, names);
    for name in names {
        let program = fuzz().join("fuzz_targets").join(format!("{name}.rs"));
        let text = fs::read_to_string(&program).unwrap();
        assert!(text.contains(&format!("fuzzing::{name}(data)")), "{}", program.display());
        assert!(seeds(name).len() >= 2, "{name} has no seeds");
    }
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The committed inputs of a target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = fuzz().join("corpus").join(target);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn short_run(target: Target) {
    let seeds = seeds(target.name);
    let given = std::env::var("FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(target.name));
    println!("{}: FUZZ_SEED={seed}", target.name);
    for data in &seeds {
        try_out(target, data, seed);
    }
    try_out(target, b"", seed);
    let (mut rng, began) = (StdRng::seed_from_u64(seed), Instant::now());
    for _ in 0..NEIGHBOURS {
        try_out(target, &neighbour(&seeds, &mut rng), seed);
        if began.elapsed() > ENOUGH {
            break;
        }
    }
}

fn try_out(target: Target, data: &[u8], seed: u64) {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(data)));
    if let Err(panic) = outcome {
        eprintln!("{} fails (FUZZ_SEED={seed}) for: \"{}\"", target.name, data.escape_ascii());
        resume_unwind(panic);
    }
}

/// One of the seeds with some changes.
fn neighbour(seeds: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let mut data = seeds[below(rng, seeds.len())].clone();
    for _ in 0..=rng.next_u32() % CHANGES {
        let at = below(rng, data.len() + 1);
        let length = below(rng, 8).min(data.len() - at);
        match rng.next_u32() % 7 {
            0 if at < data.len() => data[at] ^= 1 << (rng.next_u32() % 8),
            1 if at < data.len() => data[at] = rng.next_u32().to_le_bytes()[0],
            2 => drop(data.drain(at..at + length)),
            3 => insert(&mut data, at, BITS[below(rng, BITS.len())]),
            4 => {
                let piece = data[at..at + length].to_vec();
                let times = below(rng, 64);
                insert(&mut data, at, &piece.repeat(times));
            }
            5 => {
                let other = &seeds[below(rng, seeds.len())];
                let from = below(rng, other.len() + 1);
                insert(&mut data, at, &other[from..]);
            }
            _ => data.truncate(at),
        }
    }
    data.truncate(LONGEST);
    data
}

fn insert(data: &mut Vec<u8>, at: usize, piece: &[u8]) {
    data.splice(at..at, piece.iter().copied());
}

fn below(rng: &mut StdRng, end: usize) -> usize {
    let number = usize::try_from(rng.next_u32()).unwrap_or(0);
    number.checked_rem(end).unwrap_or(0)
}
