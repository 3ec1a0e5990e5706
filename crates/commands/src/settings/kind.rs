//! What values a setting takes, and how they are read and shown.

/// Kinds of value, in gdb's terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// on or off.
    Bool,
    /// on, off or auto.
    AutoBool,
    /// A number of 0 or more where 0 and `unlimited` mean without limit (gdb's uinteger).
    UInteger,
    /// A number of 0 or more, `unlimited` or -1 without limit, 0 is 0 (gdb's zuinteger_unlimited).
    Limit,
    /// Any number where 0 and `unlimited` mean without limit (gdb's integer).
    Integer,
    /// Any number (gdb's zinteger).
    Plain,
    /// A number of 0 or more (gdb's zuinteger).
    Unsigned,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Text with C escapes.
    Text,
    /// Text as it is.
    RawText,
    /// A path that may be missing.
    OptionalFile,
    /// A path.
    File,
    /// `auto`, `off`, or how far something is moved: a number, `0x` in front for hexadecimal.
    AutoOffset,
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// On or off.
    Bool(bool),
    /// The auto of [`Kind::AutoBool`].
    Auto,
    /// A number; `None` is unlimited.
    Number(Option<i64>),
    /// A word, text or path.
    Text(String),
}

impl Value {
    /// As gdb's sentences and `$_gdb_setting_str` have it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Bool(true) => "on".to_owned(),
            Self::Bool(false) => "off".to_owned(),
            Self::Auto => "auto".to_owned(),
            Self::Number(Some(number)) => number.to_string(),
            Self::Number(None) => "unlimited".to_owned(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// How a text given for a setting reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// A value.
    Value(Value),
    /// An expression that has to be evaluated first.
    Expression,
}

impl Kind {
    /// The value a default in the table stands for.
    #[must_use]
    pub fn default_value(self, text: &str) -> Value {
        match self {
            Self::Bool => Value::Bool(text == "on"),
            Self::AutoBool if text == "auto" => Value::Auto,
            Self::AutoBool => Value::Bool(text == "on"),
            Self::UInteger | Self::Limit | Self::Integer | Self::Plain | Self::Unsigned => {
                Value::Number(text.parse().ok())
            }
            Self::Enum(_)
            | Self::Text
            | Self::RawText
            | Self::OptionalFile
            | Self::File
            | Self::AutoOffset => Value::Text(text.to_owned()),
        }
    }

    /// Reads what follows `set NAME`. `raw` has no blanks in front, but may have some at the end.
    ///
    /// # Errors
    /// gdb's message.
    pub fn parse(self, raw: &str) -> Result<Parsed, String> {
        let text = raw.trim_end();
        let value = match self {
            Self::Bool => Value::Bool(parse_bool(text).ok_or("\"on\" or \"off\" expected.")?),
            Self::AutoBool if is_auto(text) => Value::Auto,
            Self::AutoBool if text.is_empty() => {
                return Err("\"on\", \"off\" or \"auto\" expected.".to_owned());
            }
            Self::AutoBool => Value::Bool(parse_bool(text).ok_or("\"on\", \"off\" or \"auto\" expected.")?),
            Self::UInteger | Self::Limit | Self::Integer | Self::Plain | Self::Unsigned => {
                return self.parse_number(text);
            }
            Self::Enum(words) => Value::Text(parse_enum(words, text)?.to_owned()),
            Self::Text => Value::Text(String::from_utf8_lossy(&unescape(raw)).into_owned()),
            Self::RawText => Value::Text(raw.to_owned()),
            Self::OptionalFile => Value::Text(expand_home(text)),
            Self::File if text.is_empty() => {
                return Err("Argument required (filename to set it to.).".to_owned());
            }
            Self::File => Value::Text(expand_home(text)),
            Self::AutoOffset => Value::Text(parse_offset(text)?),
        };
        Ok(Parsed::Value(value))
    }

    fn parse_number(self, text: &str) -> Result<Parsed, String> {
        let may_be_unlimited = !matches!(self, Self::Plain | Self::Unsigned);
        if text.is_empty() {
            let unlimited = if may_be_unlimited { ", or \"unlimited\"" } else { "" };
            return Err(format!("Argument required (integer to set it to{unlimited})."));
        }
        if may_be_unlimited && "unlimited".starts_with(text) {
            return Ok(Parsed::Value(Value::Number(None)));
        }
        match text.parse::<i64>() {
            Ok(number) => self.check_number(number).map(Parsed::Value),
            Err(_) => Ok(Parsed::Expression),
        }
    }

    /// The value of a number given for a setting of this kind.
    ///
    /// # Errors
    /// `integer -5 out of range` and `only -1 is allowed to set as unlimited`.
    pub fn check_number(self, number: i64) -> Result<Value, String> {
        let out_of_range = || format!("integer {number} out of range");
        let limit = i64::from(i32::MAX);
        let value = match self {
            Self::Limit if number == -1 => None,
            Self::Limit if number < -1 => return Err("only -1 is allowed to set as unlimited".to_owned()),
            Self::UInteger | Self::Integer if number == 0 => None,
            Self::UInteger | Self::Unsigned if !(0..i64::from(u32::MAX)).contains(&number) => {
                return Err(out_of_range());
            }
            Self::Integer | Self::Plain | Self::Limit if number > limit || number < -limit - 1 => {
                return Err(out_of_range());
            }
            _ => Some(number),
        };
        Ok(Value::Number(value))
    }

    /// Words to complete a value with.
    #[must_use]
    pub fn candidates(self) -> Vec<&'static str> {
        match self {
            Self::Bool => vec!["off", "on"],
            Self::AutoBool => vec!["auto", "off", "on"],
            Self::AutoOffset => vec!["auto", "off"],
            Self::UInteger | Self::Limit | Self::Integer => vec!["unlimited"],
            Self::Enum(words) => words.to_vec(),
            Self::Plain | Self::Unsigned | Self::Text | Self::RawText | Self::OptionalFile | Self::File => {
                Vec::new()
            }
        }
    }

    /// Some values it may have.
    #[cfg(test)]
    pub(crate) fn samples(self) -> Vec<Value> {
        match self {
            Self::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Self::AutoBool => vec![Value::Bool(false), Value::Bool(true), Value::Auto],
            Self::UInteger | Self::Limit | Self::Integer => {
                vec![Value::Number(Some(16)), Value::Number(Some(1000)), Value::Number(None)]
            }
            Self::Plain | Self::Unsigned => vec![Value::Number(Some(16)), Value::Number(Some(1000))],
            Self::Enum(words) => words.iter().map(|word| Value::Text((*word).to_owned())).collect(),
            Self::Text | Self::RawText | Self::OptionalFile | Self::File | Self::AutoOffset => Vec::new(),
        }
    }

    /// Whether a value is a path.
    #[must_use]
    pub fn is_file(self) -> bool {
        matches!(self, Self::File | Self::OptionalFile)
    }
}

/// The offset in the form shown: `auto`, `off`, `0x1c00000`.
fn parse_offset(text: &str) -> Result<String, String> {
    if matches!(text, "auto" | "off") {
        return Ok(text.to_owned());
    }
    match offset(text) {
        Some(offset) => Ok(format!("{offset:#x}")),
        None => Err("\"auto\", \"off\" or an offset such as 0x1c000000 expected.".to_owned()),
    }
}

/// A number as people write offsets.
pub(crate) fn offset(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// No text is on; one letter `o` could be either.
fn parse_bool(text: &str) -> Option<bool> {
    let on = text.is_empty()
        || text == "on"
        || text == "1"
        || "yes".starts_with(text)
        || "enable".starts_with(text);
    let off = text == "0"
        || text.len() > 1 && "off".starts_with(text)
        || "no".starts_with(text)
        || "disable".starts_with(text);
    if on { Some(true) } else { off.then_some(false) }
}

fn is_auto(text: &str) -> bool {
    text == "-1" || !text.is_empty() && "auto".starts_with(text)
}

fn parse_enum(words: &[&'static str], text: &str) -> Result<&'static str, String> {
    let (word, junk) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if word.is_empty() {
        return Err(format!("Requires an argument. Valid arguments are {}.", words.join(", ")));
    }
    let exact = words.iter().find(|candidate| **candidate == word);
    let mut starting = words.iter().filter(|candidate| candidate.starts_with(word));
    let chosen = match (exact, starting.next(), starting.next()) {
        (Some(exact), _, _) => exact,
        (None, None, _) => return Err(format!("Undefined item: \"{word}\".")),
        (None, Some(only), None) => only,
        (None, Some(_), Some(_)) => return Err(format!("Ambiguous item \"{word}\".")),
    };
    let junk = junk.trim();
    if junk.is_empty() { Ok(chosen) } else { Err(format!("Junk after item \"{chosen}\": {junk}")) }
}

/// `~` and `~/…` at the start of a path.
#[must_use]
pub fn expand_home(path: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            std::env::var("HOME").map_or_else(|_| path.to_owned(), |home| format!("{home}{rest}"))
        }
        _ => path.to_owned(),
    }
}

/// C escapes of `echo` and of settings that are text: `\n`, `\t`, `\e`, `\101`, `\^A`. A backslash before a newline, or
/// at the end of the text, vanishes.
#[must_use]
pub fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(escaped) = bytes.next() else { break };
        match escaped {
            b'\n' => {}
            b'a' => out.push(0x07),
            b'b' => out.push(0x08),
            b'e' => out.push(0x1b),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(0x0b),
            b'^' => match bytes.next() {
                Some(b'?') => out.push(0x7f),
                Some(control) => out.push(control & 0x1f),
                None => out.push(b'^'),
            },
            b'0'..=b'7' => {
                let mut value = escaped - b'0';
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|byte| (b'0'..=b'7').contains(byte)) else { break };
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                out.push(value);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, text: &str) -> String {
        match kind.parse(text) {
            Ok(Parsed::Value(value)) => value.shown(),
            Ok(Parsed::Expression) => format!("expression {text}"),
            Err(message) => message,
        }
    }

    #[test]
    fn booleans_as_gdb_reads_them() {
        for (text, expected) in [
            ("", "on"),
            ("1", "on"),
            ("yes", "on"),
            ("y", "on"),
            ("en", "on"),
            ("0", "off"),
            ("of", "off"),
            ("n", "off"),
            ("disable", "off"),
            ("o", "\"on\" or \"off\" expected."),
            ("ON", "\"on\" or \"off\" expected."),
            ("on foo", "\"on\" or \"off\" expected."),
            ("-1", "\"on\" or \"off\" expected."),
        ] {
            assert_eq!(shown(Kind::Bool, text), expected, "{text:?}");
        }
        assert_eq!(shown(Kind::AutoBool, "a"), "auto");
        assert_eq!(shown(Kind::AutoBool, "-1"), "auto");
        assert_eq!(shown(Kind::AutoBool, "1"), "on");
        assert_eq!(shown(Kind::AutoBool, ""), "\"on\", \"off\" or \"auto\" expected.");
    }

    #[test]
    fn numbers_as_gdb_reads_them() {
        for (kind, text, expected) in [
            (Kind::UInteger, "", "Argument required (integer to set it to, or \"unlimited\")."),
            (Kind::Plain, "", "Argument required (integer to set it to)."),
            (Kind::UInteger, "0", "unlimited"),
            (Kind::UInteger, "u", "unlimited"),
            (Kind::UInteger, "-1", "integer -1 out of range"),
            (Kind::UInteger, "4294967295", "integer 4294967295 out of range"),
            (Kind::UInteger, "2+3", "expression 2+3"),
            (Kind::Limit, "0", "0"),
            (Kind::Limit, "-1", "unlimited"),
            (Kind::Limit, "-2", "only -1 is allowed to set as unlimited"),
            (Kind::Integer, "0", "unlimited"),
            (Kind::Integer, "-1", "-1"),
            (Kind::Plain, "-3", "-3"),
            (Kind::Unsigned, "-3", "integer -3 out of range"),
        ] {
            assert_eq!(shown(kind, text), expected, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn words_as_gdb_reads_them() {
        let kind = Kind::Enum(&["att", "intel"]);
        assert_eq!(shown(kind, "i"), "intel");
        assert_eq!(shown(kind, ""), "Requires an argument. Valid arguments are att, intel.");
        assert_eq!(shown(kind, "x"), "Undefined item: \"x\".");
        assert_eq!(shown(kind, "intel foo"), "Junk after item \"intel\": foo");
        assert_eq!(shown(Kind::Enum(&["off", "on", "step"]), "o"), "Ambiguous item \"o\".");
        assert_eq!(shown(Kind::Enum(&["auto", "auto-x"]), "auto"), "auto");
    }

    #[test]
    fn offsets() {
        let kind = Kind::AutoOffset;
        assert_eq!(shown(kind, "auto "), "auto");
        assert_eq!(shown(kind, "29360128"), "0x1c00000");
        assert_eq!(shown(kind, "0x1C00000"), "0x1c00000");
        let expected = "\"auto\", \"off\" or an offset such as 0x1c000000 expected.";
        assert_eq!((shown(kind, "on"), shown(kind, "")), (expected.to_owned(), expected.to_owned()));
    }

    #[test]
    fn escapes() {
        assert_eq!(unescape(r#"a\tb\nc\x\101\e\\\"\ end\"#), b"a\tb\ncxA\x1b\\\" end");
        assert_eq!(unescape(r"\^A\^?\303\251"), b"\x01\x7f\xc3\xa9");
    }
}
