//! `$argc` and `$arg0`, `$arg1`, ... inside user-defined commands: text that is put in before a line runs.

use crate::Error;

/// The arguments a user-defined command was called with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserArgs(Vec<String>);

impl UserArgs {
    /// Splits the rest of a line at blanks that are neither quoted nor escaped. Quotes and backslashes stay.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut args = Vec::new();
        let mut current = String::new();
        let mut quote = None;
        let mut escaped = false;
        for c in text.chars() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if quote == Some(c) {
                quote = None;
            } else if quote.is_none() && (c == '"' || c == '\'') {
                quote = Some(c);
            } else if quote.is_none() && c.is_whitespace() {
                if !current.is_empty() {
                    args.push(std::mem::take(&mut current));
                }
                continue;
            }
            current.push(c);
        }
        if !current.is_empty() {
            args.push(current);
        }
        Self(args)
    }

    /// The line with `$argc` and `$argN` replaced. What follows the digits does not matter: `$arg0x` is the first
    /// argument and an `x`.
    ///
    /// # Errors
    /// `Missing argument N in user function.`
    pub fn insert(&self, line: &str) -> Result<String, Error> {
        let mut out = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(at) = rest.find("$arg") {
            let (before, found) = rest.split_at(at);
            out.push_str(before);
            let after = &found["$arg".len()..];
            if let Some(after) = after.strip_prefix('c') {
                out.push_str(&self.0.len().to_string());
                rest = after;
                continue;
            }
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            if digits == 0 {
                out.push_str("$arg");
            } else {
                let (number, _) = after.split_at(digits);
                let arg = number.parse::<usize>().ok().and_then(|n| self.0.get(n));
                let missing = || Error::msg(format!("Missing argument {number} in user function."));
                out.push_str(arg.ok_or_else(missing)?);
            }
            rest = &after[digits..];
        }
        out.push_str(rest);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &str, line: &str, expected: &str) {
        assert_eq!(UserArgs::parse(args).insert(line).unwrap(), expected);
    }

    #[test]
    fn splits_as_gdb_does() {
        check("'a b' c", "[$arg0][$argc]", "['a b'][2]");
        check("\"a b\" c", "[$arg0][$argc]", "[\"a b\"][2]");
        check("a\\ b c", "[$arg0][$argc]", "[a\\ b][2]");
        check("(a b) c", "[$arg0][$argc]", "[(a][3]");
        check("a\"b c\"d", "[$arg0][$argc]", "[a\"b c\"d][1]");
        check("bar \"unclosed x", "[$arg1][$argc]", "[\"unclosed x][2]");
        check("  ", "$argc", "0");
    }

    #[test]
    fn replaces_as_gdb_does() {
        check("1 2", "A$argcA B$arg0B C$arg0_x D$argcount", "A2A B1B C1_x D2ount");
        check("1 2", "E$arg F$arg* G$arg1$arg0 H$$arg0", "E$arg F$arg* G21 H$1");
        let missing = UserArgs::parse("1").insert("p $arg9").unwrap_err();
        assert_eq!(missing.to_string(), "Missing argument 9 in user function.");
        let huge = UserArgs::parse("1").insert("$arg99999999999999999999").unwrap_err();
        assert_eq!(huge.to_string(), "Missing argument 99999999999999999999 in user function.");
    }
}
