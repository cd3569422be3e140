//! As much of HTTP/1.1 as it takes to know an answer's status and where it ends.

/// Where an answer ends, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Bytes, head and body.
    pub length: usize,
}

/// What is not an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Nonsense;

/// The answer at the beginning of `bytes`; nothing while it is not complete.
pub fn parse(bytes: &[u8]) -> Result<Option<Answer>, Nonsense> {
    let Some(head_end) = find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > 64 << 10 { Err(Nonsense) } else { Ok(None) };
    };
    let head = &bytes[..head_end];
    let digits = head.get(9..12).ok_or(Nonsense)?;
    let status = number(digits, 10).and_then(|n| u16::try_from(n).ok()).ok_or(Nonsense)?;
    let body = head_end + 4;
    let length = match framing(head)? {
        Framing::Length(length) => body + length,
        Framing::Chunked => match chunks(&bytes[body..])? {
            Some(length) => body + length,
            None => return Ok(None),
        },
    };
    Ok((bytes.len() >= length).then_some(Answer { status, length }))
}

enum Framing {
    Length(usize),
    Chunked,
}

fn framing(head: &[u8]) -> Result<Framing, Nonsense> {
    let mut framing = Framing::Length(0);
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        // Only two headers matter, and both begin with one of these letters.
        if !matches!(line.first(), Some(b'c' | b'C' | b't' | b'T')) {
            continue;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            framing = Framing::Length(number(value, 10).ok_or(Nonsense)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Ok(Framing::Chunked);
        }
    }
    Ok(framing)
}

/// The length of a chunked body, once its last chunk is there.
fn chunks(body: &[u8]) -> Result<Option<usize>, Nonsense> {
    let mut at = 0;
    loop {
        let Some(line) = find(&body[at.min(body.len())..], b"\r\n") else { return Ok(None) };
        let size = body[at..at + line].split(|byte| *byte == b';').next().unwrap_or_default();
        let size = number(size, 16).ok_or(Nonsense)?;
        at += line + 2 + size + 2;
        if size == 0 {
            return Ok((at <= body.len()).then_some(at));
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn number(digits: &[u8], radix: u32) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nb;x=1\r\n0\r\n\r\n567890\r\n0\r\n\r\n";

    #[test]
    fn an_answer_is_known_when_it_is_whole_and_not_before() {
        for (whole, status) in [(PLAIN, 201), (CHUNKED, 200)] {
            for length in 0..whole.len() {
                assert_eq!(parse(&whole[..length]), Ok(None), "{length}");
            }
            let expected = Answer { status, length: whole.len() };
            assert_eq!(parse(whole), Ok(Some(expected)));
            assert_eq!(parse(&[whole, b"HTTP/1.1 2"].concat()), Ok(Some(expected)));
        }
    }

    #[test]
    fn an_answer_without_a_body_ends_with_its_head() {
        let bytes = b"HTTP/1.1 304 Not Modified\r\ndate: x\r\n\r\n";
        assert_eq!(parse(bytes), Ok(Some(Answer { status: 304, length: bytes.len() })));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(parse(b"HTTP/1.1 abc\r\n\r\n"), Err(Nonsense));
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"), Err(Nonsense));
        assert_eq!(parse(&vec![b'x'; 70 << 10]), Err(Nonsense));
    }
}
