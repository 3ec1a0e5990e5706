//! Reading messages while a call runs: what is to be done at once, and what waits for its turn.

use crate::limit::Limit;
use crate::rpc::{BUSY, INVALID_REQUEST, Incoming, Refusal, parse};
use kdive_base::Interrupt;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest message that is taken.
const MAX_MESSAGE: usize = 4 << 20;
/// Requests that may wait.
const MAX_WAITING: usize = 10_000;
/// What a call may still take when the client has gone.
const GONE: Duration = Duration::from_secs(5);

/// A request that waits for its turn.
pub(crate) struct Request {
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Value,
}

#[derive(Default)]
struct State {
    /// Requests that wait or run, the one that runs first.
    open: Vec<Value>,
    /// Those of them that the client does not want any more.
    cancelled: Vec<Value>,
    gone: bool,
}

/// What both threads see.
#[derive(Clone)]
pub(crate) struct Shared {
    state: Arc<Mutex<State>>,
    out: Arc<Mutex<Box<dyn Write + Send>>>,
    interrupt: Interrupt,
}

impl Shared {
    pub(crate) fn new(out: Box<dyn Write + Send>, interrupt: Interrupt) -> Self {
        Self { state: Arc::default(), out: Arc::new(Mutex::new(out)), interrupt }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a message; a client that does not read any more has gone.
    pub(crate) fn send(&self, message: &Value) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if writeln!(out, "{message}").and_then(|()| out.flush()).is_err() {
            self.state().gone = true;
        }
    }

    /// Whether the client has gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.state().gone
    }

    /// Whether a request is still wanted. What it was interrupted by before it began is forgotten.
    pub(crate) fn begin(&self, id: &Value) -> bool {
        let state = self.state();
        let wanted = !state.cancelled.contains(id);
        if wanted {
            let _ = self.interrupt.take();
        }
        wanted
    }

    /// A request is done; whether its answer is still wanted.
    pub(crate) fn end(&self, id: &Value) -> bool {
        let mut state = self.state();
        if let Some(at) = state.open.iter().position(|open| open == id) {
            state.open.remove(at);
        }
        let cancelled = state.cancelled.iter().position(|cancelled| cancelled == id);
        cancelled.map(|at| state.cancelled.remove(at)).is_none()
    }

    fn cancel(&self, params: &Value) {
        let Some(id) = params.get("requestId") else { return };
        let mut state = self.state();
        // What is answered already cannot be cancelled.
        if !state.open.contains(id) || state.cancelled.contains(id) {
            return;
        }
        state.cancelled.push(id.clone());
        if state.open.first() == Some(id) {
            self.interrupt.raise();
        }
    }
}

/// Begins to read.
///
/// # Errors
/// When no thread can be made.
pub(crate) fn read(
    input: Box<dyn Read + Send>,
    shared: &Shared,
    limit: &Limit,
) -> io::Result<Receiver<Request>> {
    let (sender, receiver) = sync_channel(MAX_WAITING);
    let (shared, limit) = (shared.clone(), limit.clone());
    std::thread::Builder::new().name("mcp-input".to_owned()).spawn(move || {
        let mut input = BufReader::new(input);
        while let Ok(Some(line)) = read_line(&mut input) {
            match line {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => take(&line, &shared, &sender),
                Err(length) => {
                    let text = format!("a message of {length} bytes is longer than {MAX_MESSAGE}");
                    shared.send(&Refusal::new(Value::Null, INVALID_REQUEST, text).message());
                }
            }
        }
        // What was asked for is answered still, but nothing that takes long.
        limit.shorten(GONE);
        shared.state().gone = true;
    })?;
    Ok(receiver)
}

fn take(line: &str, shared: &Shared, sender: &SyncSender<Request>) {
    let (id, method, params) = match parse(line) {
        Ok(Incoming::Request { id, method, params }) => (id, method, params),
        Ok(Incoming::Notification { method, params }) => {
            if method == "notifications/cancelled" {
                shared.cancel(&params);
            }
            return;
        }
        Ok(Incoming::Response) => return,
        Err(refusal) => return shared.send(&refusal.message()),
    };
    if method == "ping" {
        return shared.send(&json!({ "jsonrpc": "2.0", "id": id, "result": {} }));
    }
    shared.state().open.push(id.clone());
    let request = Request { id, method, params };
    if let Err(TrySendError::Full(request)) = sender.try_send(request) {
        let _ = shared.end(&request.id);
        let text = format!("{MAX_WAITING} requests wait already");
        shared.send(&Refusal::new(request.id, BUSY, text).message());
    }
}

/// A line, or the length of one that is too long.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Result<String, usize>>> {
    let (mut line, mut length, mut any) = (Vec::new(), 0, false);
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if buffer.is_empty() && !any {
            return Ok(None);
        }
        let at_end = buffer.is_empty();
        any = true;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        length += part.len();
        if length <= MAX_MESSAGE {
            line.extend_from_slice(part);
        }
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if at_end || end.is_some() {
            let text = String::from_utf8_lossy(&line).into_owned();
            return Ok(Some(if length > MAX_MESSAGE { Err(length) } else { Ok(text) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_those_that_are_too_long() {
        let mut bytes = b"one\n\xfftwo\n".to_vec();
        bytes.resize(bytes.len() + MAX_MESSAGE + 1, b'x');
        bytes.extend_from_slice(b"\nlast");
        let mut input = BufReader::new(&bytes[..]);
        assert_eq!(read_line(&mut input).unwrap(), Some(Ok("one".to_owned())));
        assert_eq!(read_line(&mut input).unwrap(), Some(Ok("\u{fffd}two".to_owned())));
        assert_eq!(read_line(&mut input).unwrap(), Some(Err(MAX_MESSAGE + 1)));
        assert_eq!(read_line(&mut input).unwrap(), Some(Ok("last".to_owned())));
        assert_eq!(read_line(&mut input).unwrap(), None);
    }
}
