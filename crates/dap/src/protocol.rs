//! Requests, and what is answered.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A request of the client.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Request {
    pub(crate) seq: i64,
    pub(crate) command: String,
    #[serde(default)]
    pub(crate) arguments: Value,
}

/// The answer to a request: its body, or one line that says why there is none.
pub(crate) type Answer = Result<Value, Failure>;

/// Why a request was not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    /// A word for programs.
    pub(crate) code: &'static str,
    /// One line for people.
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl From<kdive_engine::Error> for Failure {
    fn from(error: kdive_engine::Error) -> Self {
        Self::new("engine", error.to_string())
    }
}

impl From<kdive_engine::SessionError> for Failure {
    fn from(error: kdive_engine::SessionError) -> Self {
        Self::new("session", error.to_string())
    }
}

impl Request {
    /// The arguments by their type.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let arguments = if self.arguments.is_null() { json!({}) } else { self.arguments.clone() };
        serde_json::from_value(arguments)
            .map_err(|error| Failure::new("arguments", format!("{}: {error}", self.command)))
    }

    /// The response to it.
    pub(crate) fn response(&self, answer: Answer) -> Value {
        let mut response = json!({
            "type": "response",
            "request_seq": self.seq,
            "command": self.command,
            "success": answer.is_ok(),
        });
        match answer {
            Ok(Value::Null) => {}
            Ok(body) => response["body"] = body,
            Err(failure) => {
                response["message"] = failure.code.into();
                response["body"] = json!({
                    "error": { "id": 1, "format": failure.text, "showUser": true }
                });
            }
        }
        response
    }
}

/// An event for the client.
pub(crate) fn event(name: &str, body: Value) -> Value {
    json!({ "type": "event", "event": name, "body": body })
}

/// An address as the protocol has it.
pub(crate) fn hex(addr: u64) -> String {
    format!("{addr:#x}")
}

/// A memory reference of the client, moved by an offset.
pub(crate) fn address(text: &str, offset: i64) -> Result<u64, Failure> {
    let digits = text.trim();
    let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let addr = parsed.map_err(|_| Failure::new("arguments", format!("{text:?} is no address")))?;
    Ok(addr.wrapping_add_signed(offset))
}
