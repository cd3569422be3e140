//! What outlives a restart: a file of lines, each the latest of something.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Faults;
use crate::trade::Trade;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// An order, as it is now.
    Trade(Box<Trade>),
    /// Everything that is no order.
    House(House),
    /// All orders before are forgotten.
    Reset,
}

/// What belongs to no order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct House {
    pub(crate) sequence: u64,
    /// How far the simulator's clock was turned forward, in seconds.
    pub(crate) ahead: i64,
    /// Up to when the days' ends have been worked through.
    pub(crate) seen: Option<Timestamp>,
    pub(crate) faults: Faults,
}

/// The file, open for more.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    lines: usize,
}

impl Journal {
    /// Opens the file in a directory, which is made if need be, and reads what it holds. A line
    /// that cannot be read, as when the power failed while it was written, is passed over.
    pub(crate) fn open(directory: &Path) -> io::Result<(Self, Vec<Line>)> {
        fs::create_dir_all(directory)?;
        let path = directory.join("ecpay-simulator.jsonl");
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        let mut file = options.open(&path)?;
        let mut read = Vec::new();
        let mut ended = true;
        for (number, line) in BufReader::new(&file).split(b'\n').enumerate() {
            let line = line?;
            match serde_json::from_slice(&line) {
                Ok(line) => {
                    read.push(line);
                    ended = true;
                }
                Err(error) => {
                    tracing::warn!(%error, line = number + 1, "a line of the state is unreadable");
                    ended = false;
                }
            }
        }
        if !ended {
            // What comes next must not be glued to the torn line.
            file.write_all(b"\n")?;
        }
        let lines = read.len();
        Ok((Self { path, file, lines }, read))
    }

    /// Adds lines at the end.
    pub(crate) fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        self.lines += lines.len();
        self.file.write_all(&text)
    }

    /// Whether most of the file is out of date.
    pub(crate) fn is_long(&self, current: usize) -> bool {
        self.lines > 4 * current + 1000
    }

    /// Starts the file again with what is current.
    pub(crate) fn rewrite(&mut self, current: impl Iterator<Item = Line>) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut writer = BufWriter::new(File::create(&fresh)?);
        let mut lines = 0;
        for line in current {
            serde_json::to_writer(&mut writer, &line)?;
            writer.write_all(b"\n")?;
            lines += 1;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.lines = lines;
        Ok(())
    }
}
