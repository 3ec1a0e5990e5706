//! Where lines come from: a file, a list, the terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// What a source of lines answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// A line without its newline.
    Text(String),
    /// No more lines.
    End,
    /// Ctrl-C while waiting for one.
    Interrupted,
}

impl From<Option<String>> for Line {
    fn from(line: Option<String>) -> Self {
        line.map_or(Self::End, Self::Text)
    }
}

/// A supply of command lines.
pub trait LineSource {
    /// The next line as it stands, `\` at its end and all.
    ///
    /// # Errors
    /// When reading fails.
    fn next_line(&mut self) -> io::Result<Line>;

    /// Number of the line handed out last, from 1.
    fn number(&self) -> u32;
}

/// The lines of a command file.
pub struct FileSource {
    reader: Box<dyn BufRead>,
    number: u32,
    ended: bool,
}

/// No command is longer; a file with longer lines (a binary by mistake) is refused rather than read into memory.
const MAX_LINE: u64 = 1 << 20;

impl FileSource {
    /// Opens a file.
    ///
    /// # Errors
    /// The operating system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(Self { reader: Box::new(BufReader::new(file)), number: 0, ended: false })
    }

    /// Lines out of memory.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self { reader: Box::new(io::Cursor::new(text.as_bytes().to_vec())), number: 0, ended: false }
    }
}

impl LineSource for FileSource {
    fn next_line(&mut self) -> io::Result<Line> {
        let mut bytes = Vec::new();
        let mut limited = io::Read::take(&mut self.reader, MAX_LINE);
        let length = limited.read_until(b'\n', &mut bytes)?;
        if length == 0 {
            // An error in a block that has no end is one of the line after the last, as in gdb.
            self.number += u32::from(!self.ended);
            self.ended = true;
            return Ok(Line::End);
        }
        if bytes.len() as u64 == MAX_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "line too long for a command"));
        }
        self.number += 1;
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        Ok(Line::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn number(&self) -> u32 {
        self.number
    }
}

/// Reads one logical line: as long as a line ends in `\`, that is dropped and the next line is appended as it is.
///
/// # Errors
/// Those of `next`.
pub fn join_continued<E>(next: &mut dyn FnMut(bool) -> Result<Line, E>) -> Result<Line, E> {
    let mut joined = String::new();
    let mut continued = false;
    loop {
        match next(continued)? {
            Line::Text(text) => match text.strip_suffix('\\') {
                Some(start) => {
                    joined.push_str(start);
                    continued = true;
                }
                None => {
                    joined.push_str(&text);
                    return Ok(Line::Text(joined));
                }
            },
            Line::End if continued => return Ok(Line::Text(joined)),
            other => return Ok(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> Vec<String> {
        let mut source = FileSource::from_text(text);
        let mut out = Vec::new();
        while let Line::Text(line) = join_continued(&mut |_| source.next_line()).unwrap() {
            out.push(line);
        }
        out
    }

    #[test]
    fn continuation_and_line_ends() {
        assert_eq!(joined("p 1 \\\n+ 2\np 3\r\n\nlast"), ["p 1 + 2", "p 3", "", "last"]);
        assert_eq!(joined("# comment \\\np 1\nend\\"), ["# comment p 1", "end"]);
    }

    #[test]
    fn numbers_count_physical_lines() {
        let mut source = FileSource::from_text("a \\\nb\nc");
        let first = join_continued(&mut |_| source.next_line()).unwrap();
        assert_eq!((first, source.number()), (Line::Text("a b".into()), 2));
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut source = FileSource::from_text(&"x".repeat(2 << 20));
        assert_eq!(source.next_line().unwrap_err().to_string(), "line too long for a command");
    }
}
