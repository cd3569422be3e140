//! Which line a record begins on.

/// How far a CSV text is read. The reader's own line numbers are behind where lines end in `\r\n` or are
/// empty: it says where a record begins before it has passed the ends of the lines before.
#[derive(Debug)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// At the beginning of a text whose first line has this number.
    pub const fn new(bytes: &'a [u8], first: u64) -> Self {
        Self { bytes, offset: 0, line: first }
    }

    /// The line of a record that begins here, or behind line ends that come first. Records come in
    /// their order.
    pub fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let begin = position.and_then(|it| usize::try_from(it.byte()).ok()).unwrap_or(self.offset);
        let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
        while self.offset < self.bytes.len()
            && (self.offset < begin || ends(&self.bytes[self.offset]))
        {
            self.line += u64::from(self.bytes[self.offset] == b'\n');
            self.offset += 1;
        }
        self.line
    }
}
