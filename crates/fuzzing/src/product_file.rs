//! A file of products: the first byte says of which format.

use product_files::{Format, Read, Reader};

/// What is read does not depend on how the file arrives, every refusal says where, and a slug is made
/// of every handle.
pub fn product_file(data: &[u8]) {
    let Some((kind, text)) = data.split_first() else { return };
    let format = if *kind == b'j' { Format::Jsonl } else { Format::Csv };
    let whole = read(format, &[text]);
    let size = usize::from(*kind % 13) + 1;
    let pieces: Vec<&[u8]> = text.chunks(size).collect();
    assert_eq!(read(format, &pieces), whole);
    let lines = u64::try_from(text.split(|byte| *byte == b'\n').count()).unwrap_or(u64::MAX);
    for it in &whole {
        match it {
            Read::Item(item) => {
                assert!((1..=lines).contains(&item.line), "{item:?}");
                assert!(format == Format::Jsonl || !item.slug.is_empty(), "{item:?}");
            }
            Read::Refused { faults, .. } => {
                assert!(!faults.is_empty());
                assert!(faults.iter().all(|bad| (1..=lines).contains(&bad.line)), "{faults:?}");
            }
        }
    }
}

fn read(format: Format, pieces: &[&[u8]]) -> Vec<Read> {
    let mut reader = Reader::new(format);
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish();
    reader.take()
}
