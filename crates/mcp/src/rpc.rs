//! Messages of JSON-RPC 2.0.

use serde_json::{Value, json};

/// The text is no JSON.
pub(crate) const PARSE_ERROR: i64 = -32700;
/// The JSON is no message.
pub(crate) const INVALID_REQUEST: i64 = -32600;
/// There is no such method.
pub(crate) const NO_METHOD: i64 = -32601;
/// The parameters are wrong.
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// The server cannot take it now.
pub(crate) const BUSY: i64 = -32000;

/// A message of the client.
#[derive(Clone, PartialEq, Debug)]
pub enum Incoming {
    /// It is to be answered.
    Request {
        /// A string or an integer.
        id: Value,
        /// What is asked for.
        method: String,
        /// With what; `null` where there is nothing.
        params: Value,
    },
    /// It is not to be answered.
    Notification {
        /// What has happened.
        method: String,
        /// With what.
        params: Value,
    },
    /// The answer to a request; the server sends none.
    Response,
}

/// Why a message is not taken.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// The request's, where it can be told.
    pub id: Value,
    /// The code of JSON-RPC.
    pub code: i64,
    /// Why, in one line.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(id: Value, code: i64, message: impl Into<String>) -> Self {
        Self { id, code, message: message.into() }
    }

    pub(crate) fn message(&self) -> Value {
        json!({ "jsonrpc": "2.0", "id": self.id, "error": { "code": self.code, "message": self.message } })
    }
}

/// Reads a message.
///
/// # Errors
/// What is no message.
pub fn parse(line: &str) -> Result<Incoming, Refusal> {
    let invalid = |id: Value, text: &str| Refusal::new(id, INVALID_REQUEST, text);
    let value: Value = serde_json::from_str(line)
        .map_err(|error| Refusal::new(Value::Null, PARSE_ERROR, format!("this is no JSON: {error}")))?;
    let Value::Object(mut message) = value else {
        return Err(invalid(Value::Null, "a message is one JSON object a line; batches are not taken"));
    };
    let id = message.remove("id");
    let is_id = |id: &Value| id.is_string() || id.is_i64() || id.is_u64();
    let known_id = id.clone().filter(is_id).unwrap_or(Value::Null);
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid(known_id, "the member \"jsonrpc\" must be \"2.0\""));
    }
    let method = match message.remove("method") {
        Some(Value::String(method)) => method,
        Some(_) => return Err(invalid(known_id, "the member \"method\" must be a string")),
        None if message.contains_key("result") || message.contains_key("error") => {
            return Ok(Incoming::Response);
        }
        None => return Err(invalid(known_id, "the message has no \"method\"")),
    };
    let params = message.remove("params").unwrap_or(Value::Null);
    match id {
        None => Ok(Incoming::Notification { method, params }),
        Some(id) if is_id(&id) => Ok(Incoming::Request { id, method, params }),
        Some(_) => Err(invalid(Value::Null, "the member \"id\" must be a string or an integer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let request = parse(r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#).unwrap();
        assert_eq!(
            request,
            Incoming::Request { id: "a".into(), method: "ping".to_owned(), params: Value::Null }
        );
        let told = parse(r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":{}}"#).unwrap();
        assert!(matches!(told, Incoming::Notification { .. }));
        assert_eq!(parse(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap(), Incoming::Response);
    }

    #[test]
    fn what_is_no_message() {
        let code = |text: &str| parse(text).unwrap_err().code;
        for text in ["", "{", "nonsense", "{\"a\":1}x", "\u{0}"] {
            assert_eq!(code(text), PARSE_ERROR, "{text}");
        }
        assert_eq!(code(&"[".repeat(100_000)), PARSE_ERROR, "nested too deep");
        for text in [
            "[]",
            "5",
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        ] {
            assert_eq!(code(text), INVALID_REQUEST, "{text}");
        }
        assert_eq!(parse(r#"{"jsonrpc":"1.0","id":9,"method":"ping"}"#).unwrap_err().id, 9);
    }
}
