//! Messages on a stream: a header with `Content-Length`, an empty line, JSON (DAP, "Base Protocol").

use serde_json::Value;
use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Largest message that is read. Editors send source text at most.
const MAX_MESSAGE: u64 = 64 << 20;
/// Longest line of a header.
const MAX_HEADER: u64 = 4096;

/// Reads the next message; `None` at the end of the stream. `Some(Err)`: what came is no JSON, and the next message may be good.
///
/// # Errors
/// When the stream cannot be read, or the header is not one, after which nothing can be found any more.
pub fn read_message(input: &mut dyn BufRead) -> io::Result<Option<Result<Value, String>>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if Read::take(&mut *input, MAX_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            match length {
                Some(length) => break read_body(input, length).map(Some),
                None => continue,
            }
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad(format!("no header: {line:?}")))?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            let value = value.trim().parse::<u64>().ok().filter(|&length| length <= MAX_MESSAGE);
            length = Some(value.ok_or_else(|| bad(format!("no length of a message: {line:?}")))?);
        }
    }
}

fn bad(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn read_body(input: &mut dyn BufRead, length: u64) -> io::Result<Result<Value, String>> {
    let mut body = Vec::new();
    Read::take(&mut *input, length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&body).map_err(|error| error.to_string()))
}

/// Where messages go, from whichever thread.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<Stream>>);

struct Stream {
    to: Box<dyn Write + Send>,
    seq: i64,
    /// The client is gone.
    closed: bool,
}

impl Output {
    pub(crate) fn new(to: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(Stream { to, seq: 0, closed: false })))
    }

    /// Sends a message, with the next number. That nobody reads it is noticed at the input.
    pub(crate) fn send(&self, mut message: Value) {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stream.closed {
            return;
        }
        stream.seq += 1;
        if let Some(object) = message.as_object_mut() {
            object.insert("seq".to_owned(), stream.seq.into());
        }
        let text = message.to_string();
        let header = format!("Content-Length: {}\r\n\r\n", text.len());
        let sent = stream.to.write_all(header.as_bytes()).and_then(|()| stream.to.write_all(text.as_bytes()));
        stream.closed = sent.and_then(|()| stream.to.flush()).is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Option<Result<Value, String>>> {
        read_message(&mut text.as_bytes())
    }

    #[test]
    fn messages_are_framed_by_their_length() {
        let mut input = "Content-Length: 7\r\n\r\n{\"a\":1}content-length:2\r\nX: y\r\n\r\n{}".as_bytes();
        assert_eq!(read_message(&mut input).unwrap().unwrap().unwrap()["a"], 1);
        assert_eq!(read_message(&mut input).unwrap().unwrap().unwrap(), serde_json::json!({}));
        assert!(read_message(&mut input).unwrap().is_none());
    }

    #[test]
    fn what_is_no_message_is_an_error_and_nothing_hangs() {
        assert!(read("nonsense\r\n\r\n").is_err());
        assert!(read("Content-Length: -1\r\n\r\n").is_err());
        assert!(read("Content-Length: 99999999999999\r\n\r\n").is_err());
        assert!(read("Content-Length: 10\r\n\r\n{}").is_err());
        assert!(read("Content-Length: 2\r\n\r\n{x").unwrap().unwrap().is_err());
        assert!(read("").unwrap().is_none());
    }
}
