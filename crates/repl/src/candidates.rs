//! What TAB does: the rest of the only candidate, what all have in common, or the list of them at a second TAB.
//!
//! The list is shown here and not by the editor, whose questions do not hear Ctrl-C. That is a key here, not a signal: the
//! editor has turned signals of keys off, and has a handler of its own for them.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use kdive_base::Interrupt;
use kdive_commands::Completion;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::stream::Stream;

/// More candidates than this are shown only to who wants to see them.
const MANY: usize = 100;
/// Time between two looks at the flag.
const PAUSE: Duration = Duration::from_millis(50);
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;

/// What becomes of the line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Choice {
    /// It stays as it is.
    Nothing,
    /// From there on it is this text.
    Text(usize, String),
    /// It is given up.
    Interrupted,
}

/// Remembers what the last TAB was pressed on.
pub(crate) struct Candidates {
    interrupt: Interrupt,
    prompt: String,
    last: Option<(String, usize)>,
}

impl Candidates {
    pub fn new(interrupt: Interrupt) -> Self {
        Self { interrupt, prompt: String::new(), last: None }
    }

    /// A new line is edited.
    pub fn begin(&mut self, prompt: &str) {
        prompt.clone_into(&mut self.prompt);
        self.last = None;
    }

    /// TAB was pressed with the cursor at `pos`; `ask` finds the candidates.
    pub fn choose(&mut self, line: &str, pos: usize, ask: impl FnOnce() -> Option<Completion>) -> Choice {
        let again = self.last.take().is_some_and(|(text, at)| text == line && at == pos);
        let found = ask();
        if self.interrupt.is_raised() {
            return self.interrupted();
        }
        let Some(Completion { start, words }) = found else { return Choice::Nothing };
        let typed = line.get(start..pos).unwrap_or_default();
        match words.as_slice() {
            [] => Choice::Nothing,
            // The only way to go on after a full word is a blank, except into a directory.
            [only] if only.ends_with('/') => Choice::Text(start, only.clone()),
            [only] => Choice::Text(start, format!("{only} ")),
            words => {
                let common = common_start(words);
                if common.len() > typed.len() {
                    let (before, after) = (line.get(..start), line.get(pos..));
                    let text = [before.unwrap_or_default(), common, after.unwrap_or_default()].concat();
                    self.last = Some((text, start + common.len()));
                    return Choice::Text(start, common.to_owned());
                }
                self.last = Some((line.to_owned(), pos));
                if !again {
                    return Choice::Nothing;
                }
                match self.show(line, pos, words) {
                    Ok(()) => Choice::Text(start, typed.to_owned()),
                    Err(Closed) => self.interrupted(),
                }
            }
        }
    }

    fn interrupted(&self) -> Choice {
        let _ = self.interrupt.take();
        let _ = Stream::stdout(&self.interrupt).write_all(b"\n");
        Choice::Interrupted
    }

    /// Shows the list below the line, and leaves the cursor where the editor draws the line again.
    fn show(&self, line: &str, pos: usize, words: &[String]) -> Result<(), Closed> {
        let (columns, rows) =
            crossterm::terminal::size().map_or((80, 24), |(columns, rows)| (columns.max(1), rows));
        let (columns, rows) = (usize::from(columns), usize::from(rows).max(2));
        let row_of = |characters: usize| (self.prompt.chars().count() + characters) / columns;
        let cursor = row_of(line.get(..pos).unwrap_or_default().chars().count());
        let end = row_of(line.chars().count()).max(cursor);
        let mut out = Stream::stdout(&self.interrupt);
        let mut put = |text: &str| out.write_all(text.as_bytes()).map_err(|_| Closed);
        // After the line, and over what may be hinted at.
        put(&format!("\x1b[K{}", "\n".repeat(end - cursor + 1)))?;
        let mut wanted = true;
        if words.len() > MANY {
            put(&format!("Display all {} possibilities? (y or n)", words.len()))?;
            wanted = loop {
                match self.key()? {
                    b'y' | b'Y' | b' ' | b'\t' => break true,
                    b'n' | b'N' | b'q' | 0x7f | 0x08 => break false,
                    _ => {}
                }
            };
            put("\n")?;
        }
        if wanted {
            let mut room = rows - 1;
            for row in in_columns(words, columns) {
                if room == 0 {
                    put("--More--")?;
                    room = loop {
                        match self.key()? {
                            b'y' | b'Y' | b' ' | b'\t' => break rows - 1,
                            b'\r' | b'\n' => break 1,
                            b'n' | b'N' | b'q' | b'Q' | 0x7f | 0x08 => break 0,
                            _ => {}
                        }
                    };
                    put("\r\x1b[K")?;
                    if room == 0 {
                        break;
                    }
                }
                room -= 1;
                put(&format!("{row}\n"))?;
            }
        }
        // The editor takes its rows away from below the cursor's upwards before it draws them.
        put(&"\n".repeat(end))?;
        if end > cursor { put(&format!("\x1b[{}A", end - cursor)) } else { Ok(()) }
    }

    /// The next key, unless Ctrl-C comes first.
    fn key(&self) -> Result<u8, Closed> {
        let stdin = io::stdin();
        let mut keys = stdin.as_fd().try_clone_to_owned().map(std::fs::File::from).map_err(|_| Closed)?;
        let pause = Timespec { tv_sec: 0, tv_nsec: PAUSE.subsec_nanos().into() };
        loop {
            if self.interrupt.is_raised() {
                return Err(Closed);
            }
            let ready = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&pause));
            if ready.is_ok_and(|ready| ready > 0) {
                let mut key = [0];
                return match keys.read(&mut key) {
                    Ok(1) if !matches!(key[0], CTRL_C | CTRL_D) => Ok(key[0]),
                    _ => Err(Closed),
                };
            }
        }
    }
}

/// The user gave it up, or the terminal is gone.
struct Closed;

/// What all words begin with.
fn common_start(words: &[String]) -> &str {
    let Some((first, rest)) = words.split_first() else { return "" };
    let mut end = first.len();
    for word in rest {
        let same = first.char_indices().zip(word.chars()).find(|((_, a), b)| a != b);
        end = end.min(same.map_or(word.len(), |((at, _), _)| at));
    }
    first.get(..end).unwrap_or_default()
}

/// Words in columns, read downwards, as the usual tools have them.
fn in_columns(words: &[String], width: usize) -> impl Iterator<Item = String> {
    let widest = words.iter().map(|word| word.chars().count()).max().unwrap_or(0) + 2;
    let columns = (width / widest).max(1);
    let rows = words.len().div_ceil(columns);
    (0..rows).map(move |row| {
        let mut text = String::new();
        for word in words.iter().skip(row).step_by(rows) {
            text.push_str(word);
            text.push_str(&" ".repeat(widest - word.chars().count()));
        }
        text.trim_end().to_owned()
    })
}

/// Whether Ctrl-C is among the keys that were pressed meanwhile. The others are lost: this is for waits so long that what
/// was typed in them is not worth much.
pub(crate) fn ctrl_c_pressed() -> bool {
    let stdin = io::stdin();
    let Ok(keys) = stdin.as_fd().try_clone_to_owned() else { return false };
    let mut keys = std::fs::File::from(keys);
    let ready = || poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    let mut key = [0];
    while ready().is_ok_and(|ready| ready > 0) && keys.read(&mut key).is_ok_and(|count| count == 1) {
        if key[0] == CTRL_C {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn columns_are_read_downwards() {
        let rows: Vec<String> = in_columns(&words(&["a", "bb", "ccc", "d", "e"]), 12).collect();
        assert_eq!(rows, ["a    d", "bb   e", "ccc"]);
        let rows: Vec<String> = in_columns(&words(&["wider than the window"]), 5).collect();
        assert_eq!(rows, ["wider than the window"]);
        assert_eq!(in_columns(&[], 80).count(), 0);
    }

    #[test]
    fn what_words_have_in_common_ends_between_characters() {
        assert_eq!(common_start(&words(&["abé", "abè", "ab"])), "ab");
        assert_eq!(common_start(&words(&["é1", "é2"])), "é");
        assert_eq!(common_start(&words(&["a", "b"])), "");
        assert_eq!(common_start(&[]), "");
    }

    #[test]
    fn a_tab_completes_what_is_certain() {
        let mut candidates = Candidates::new(Interrupt::new());
        let mut choose = |line: &str, start, found: &[&str]| {
            candidates.choose(line, line.len(), || Some(Completion { start, words: words(found) }))
        };
        assert_eq!(choose("info sour", 5, &["source", "sources"]), Choice::Text(5, "source".to_owned()));
        // Nothing is certain any more; the list comes with the next TAB on the same line.
        assert_eq!(choose("info s", 5, &["source", "stack"]), Choice::Nothing);
        assert_eq!(choose("info st", 5, &["stack"]), Choice::Text(5, "stack ".to_owned()));
        assert_eq!(choose("cd ta", 3, &["target/"]), Choice::Text(3, "target/".to_owned()));
        assert_eq!(choose("zz", 0, &[]), Choice::Nothing);
    }

    #[test]
    fn ctrl_c_while_names_are_looked_for_gives_the_line_up() {
        let interrupt = Interrupt::new();
        let mut candidates = Candidates::new(interrupt.clone());
        let found = || {
            interrupt.raise();
            Some(Completion { start: 0, words: words(&["info"]) })
        };
        assert_eq!(candidates.choose("inf", 3, found), Choice::Interrupted);
        assert!(!interrupt.is_raised());
    }
}
