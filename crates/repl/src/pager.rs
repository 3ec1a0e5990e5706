//! One screen at a time.

use std::io::{self, Read, Write};

use kdive_commands::output::Look;

/// What the reader wants after a full page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The next page.
    More,
    /// Everything up to the next prompt.
    All,
    /// Nothing more.
    Quit,
}

/// What has no more room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// All fits.
    Nothing,
    /// The line, before the next character.
    Line,
    /// The page.
    Page,
}

/// Counts what is on the screen.
#[derive(Debug, Default)]
pub struct Pager {
    height: Option<u64>,
    width: Option<u64>,
    rows: u64,
    column: u64,
    all: bool,
}

impl Pager {
    /// Takes over `set height`, `set width`, `set pagination`.
    pub fn configure(&mut self, look: &Look) {
        // gdb's bound: with fewer lines there would be nothing to read.
        self.height = look.height.filter(|height| look.pagination && *height > 1);
        // As in gdb: without pages lines are as long as they are.
        self.width = look.width.filter(|width| look.pagination && *width > 0);
    }

    /// The screen is as good as empty.
    pub fn begin(&mut self) {
        self.rows = 0;
        self.column = 0;
        self.all = false;
    }

    /// How many of `bytes` fit on the page, and on the line if it may be broken before them.
    pub fn fit(&mut self, bytes: &[u8], may_break: bool) -> (usize, Full) {
        let height = self.height.filter(|_| !self.all);
        if height.is_none() && self.width.is_none() {
            return (bytes.len(), Full::Nothing);
        }
        let mut may_break = may_break;
        for (at, byte) in bytes.iter().enumerate() {
            if height.is_some_and(|height| self.rows + 1 >= height) {
                return (at, Full::Page);
            }
            let columns = match byte {
                b'\t' => 8 - self.column % 8,
                // The bytes of a character after its first take no room.
                0x80..=0xbf | 0x00..=0x1f => 0,
                _ => 1,
            };
            if may_break && self.width.is_some_and(|width| self.column + columns > width) {
                return (at, Full::Line);
            }
            match byte {
                b'\n' => {
                    self.rows += 1;
                    self.column = 0;
                    may_break = false;
                }
                b'\r' => self.column = 0,
                _ => self.advance(columns),
            }
        }
        (bytes.len(), Full::Nothing)
    }

    /// The column output has reached, if lines are broken at all.
    pub fn column(&self) -> Option<u64> {
        self.width.map(|_| self.column)
    }

    /// Whether there is no more room on the line.
    pub fn is_line_full(&self) -> bool {
        self.width.is_some_and(|width| self.column >= width)
    }

    /// The line was broken at column `from`; what stood after it follows `indent` blanks.
    pub fn broken(&mut self, from: u64, indent: usize) {
        self.rows += 1;
        self.column = self.column.saturating_sub(from) + indent as u64;
    }

    fn advance(&mut self, columns: u64) {
        self.column += columns;
        if let Some(width) = self.width
            && self.column > width
        {
            self.rows += 1;
            self.column -= width;
        }
    }

    /// Goes on after a full page.
    pub fn answered(&mut self, answer: Answer) {
        self.begin();
        self.all = answer == Answer::All;
    }
}

const PROMPT: &str = "--Type <RET> for more, q to quit, c to continue without paging--";

/// Asks at the terminal; the line of the question is gone afterwards.
pub fn ask() -> Answer {
    let answer = read_answer().unwrap_or(Answer::Quit);
    let mut out = io::stdout();
    let _ = out.write_all(b"\r\x1b[K").and_then(|()| out.flush());
    answer
}

fn read_answer() -> io::Result<Answer> {
    let mut out = io::stdout();
    out.write_all(PROMPT.as_bytes())?;
    out.flush()?;
    crossterm::terminal::enable_raw_mode()?;
    let answer = read_keys(&mut out);
    crossterm::terminal::disable_raw_mode()?;
    answer
}

/// Reads up to Enter, one byte at a time: what is typed after it belongs to the prompt.
fn read_keys(echo: &mut impl Write) -> io::Result<Answer> {
    let mut stdin = unbuffered_stdin()?;
    let mut first = None;
    loop {
        let mut byte = [0];
        if stdin.read(&mut byte)? == 0 {
            return Ok(Answer::Quit);
        }
        match byte[0] {
            b'\r' | b'\n' => break,
            // Ctrl-C and Ctrl-D.
            3 | 4 => return Ok(Answer::Quit),
            key if key.is_ascii_graphic() => {
                first = first.or(Some(key));
                echo.write_all(&[key])?;
                echo.flush()?;
            }
            _ => {}
        }
    }
    Ok(match first {
        Some(b'q' | b'Q') => Answer::Quit,
        Some(b'c' | b'C') => Answer::All,
        _ => Answer::More,
    })
}

/// `std::io::stdin` would read ahead.
fn unbuffered_stdin() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(height: u64, width: u64) -> Pager {
        let mut pager = Pager::default();
        let look = Look { height: Some(height), width: Some(width), pagination: true, ..Look::default() };
        pager.configure(&look);
        pager
    }

    #[test]
    fn a_page_leaves_one_line_for_the_question() {
        let mut pager = pager(4, 80);
        assert_eq!(pager.fit(b"1\n2\n3\n4\n5\n", false).0, 6);
        assert_eq!(pager.fit(b"4\n", false).0, 0);
        pager.answered(Answer::More);
        assert_eq!(pager.fit(b"4\n5\n", false).0, 4);
        assert_eq!(pager.fit(b"6\n7\n", false).0, 2);
        pager.answered(Answer::All);
        assert_eq!(pager.fit(b"7\n8\n9\n0\n1\n", false).0, 10);
        pager.begin();
        assert_eq!(pager.fit(b"1\n2\n3\n4\n", false).0, 6);
    }

    #[test]
    fn long_lines_take_several_rows() {
        let mut pager = pager(4, 10);
        assert_eq!(pager.fit(&[b'x'; 25], false).0, 25);
        assert_eq!(pager.fit(b"\nyy", false).0, 1);
        pager.answered(Answer::More);
        // Ten characters of two bytes fill one row.
        assert_eq!(pager.fit("éééééééééé\nb\n".as_bytes(), false).0, 23);
        assert_eq!(pager.fit(b"z\nw", false).0, 2);
    }

    #[test]
    fn without_pages_everything_fits() {
        let mut pager = Pager::default();
        pager.configure(&Look { height: None, pagination: true, ..Look::default() });
        assert_eq!(pager.fit(&[b'\n'; 1000], false).0, 1000);
        pager.configure(&Look { height: Some(4), pagination: false, ..Look::default() });
        assert_eq!(pager.fit(&[b'\n'; 1000], false).0, 1000);
    }
}
