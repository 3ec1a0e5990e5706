//! Patterns for lines of output: literal text, with `{{REGEX}}` where it may vary.

use anyhow::{Context, Result};
use regex::Regex;

/// The expression that matches whole lines like `text`.
pub fn line(text: &str) -> Result<Regex> {
    let mut expression = String::from("^");
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once("{{") {
        let (inner, after) = after.split_once("}}").context("`{{` without `}}`")?;
        expression.push_str(&regex::escape(literal));
        expression.push_str(&format!("(?:{inner})"));
        rest = after;
    }
    expression.push_str(&regex::escape(rest));
    expression.push('$');
    Ok(Regex::new(&expression)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_double_braces_varies() {
        let pattern = line("$1 = {a = {{[0-9]+}}, b = \"x.y\"}").unwrap();
        assert!(pattern.is_match("$1 = {a = 42, b = \"x.y\"}"));
        assert!(!pattern.is_match("$1 = {a = 42, b = \"xzy\"}"));
        assert!(!pattern.is_match("$1 = {a = 42, b = \"x.y\"} "));
    }

    #[test]
    fn an_open_brace_is_an_error() {
        assert_eq!(line("a {{b").unwrap_err().to_string(), "`{{` without `}}`");
    }
}
