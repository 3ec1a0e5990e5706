//! `-pretty -elements 5 --`: the options of `print` and of the commands that print values.

use crate::error::{ExprError, Result};
use crate::settings::PrintOptions;

/// A setting that `print` takes as an option.
struct OptionDef {
    name: &'static str,
    value: Kind,
}

enum Kind {
    Flag(fn(&mut PrintOptions) -> &mut bool),
    /// `unlimited` and 0 are no limit.
    Limit(fn(&mut PrintOptions) -> &mut Option<u32>),
    /// `unlimited` and -1 are no limit, 0 is a limit.
    Depth(fn(&mut PrintOptions) -> &mut Option<u32>),
    /// Takes a boolean that means nothing to C.
    Ignored,
}

const OPTIONS: &[OptionDef] = &[
    OptionDef { name: "address", value: Kind::Flag(|options| &mut options.address) },
    OptionDef { name: "array", value: Kind::Flag(|options| &mut options.array) },
    OptionDef { name: "array-indexes", value: Kind::Flag(|options| &mut options.array_indexes) },
    OptionDef { name: "elements", value: Kind::Limit(|options| &mut options.elements) },
    OptionDef { name: "max-depth", value: Kind::Depth(|options| &mut options.max_depth) },
    OptionDef { name: "memory-tag-violations", value: Kind::Ignored },
    OptionDef { name: "nibbles", value: Kind::Flag(|options| &mut options.nibbles) },
    OptionDef { name: "null-stop", value: Kind::Flag(|options| &mut options.null_stop) },
    OptionDef { name: "object", value: Kind::Ignored },
    OptionDef { name: "pretty", value: Kind::Flag(|options| &mut options.pretty) },
    OptionDef { name: "raw-values", value: Kind::Flag(|options| &mut options.raw) },
    OptionDef { name: "repeats", value: Kind::Limit(|options| &mut options.repeats) },
    OptionDef { name: "static-members", value: Kind::Ignored },
    OptionDef { name: "symbol", value: Kind::Flag(|options| &mut options.symbol) },
    OptionDef { name: "union", value: Kind::Flag(|options| &mut options.union) },
    OptionDef { name: "vtbl", value: Kind::Ignored },
];

/// The names of the options, for completion.
pub fn print_option_names() -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().map(|option| option.name)
}

/// Takes the options in front of an expression off and applies them; gives the rest. Without `--` a leading minus
/// belongs to the expression.
///
/// # Errors
/// gdb's words for options that do not exist or lack a value.
pub fn parse_print_options<'a>(text: &'a str, options: &mut PrintOptions) -> Result<&'a str> {
    let text = text.trim_start();
    if !text.starts_with('-') || !has_delimiter(text) {
        return Ok(text);
    }
    let mut rest = text;
    loop {
        let (word, after) = split_word(rest);
        if word == "--" {
            return Ok(after);
        }
        let Some(name) = word.strip_prefix('-') else {
            return Err(ExprError::msg(format!("Unrecognized option at: {rest}")));
        };
        let option = find(name, rest)?;
        rest = match option.value {
            Kind::Flag(field) => {
                let (value, after) = boolean(option.name, after)?;
                *field(options) = value;
                after
            }
            Kind::Ignored => boolean(option.name, after)?.1,
            Kind::Limit(field) => {
                let (value, after) = limit(after)?;
                *field(options) = value.filter(|&value| value > 0);
                after
            }
            Kind::Depth(field) => {
                let (value, after) = limit(after)?;
                *field(options) = value;
                after
            }
        };
    }
}

fn find(name: &str, at: &str) -> Result<&'static OptionDef> {
    if let Some(exact) = OPTIONS.iter().find(|option| option.name == name) {
        return Ok(exact);
    }
    let mut candidates = OPTIONS.iter().filter(|option| option.name.starts_with(name));
    let Some(found) = candidates.next() else {
        return Err(ExprError::msg(format!("Unrecognized option at: {at}")));
    };
    if candidates.next().is_some() {
        return Err(ExprError::msg(format!("Ambiguous option at: {at}")));
    }
    Ok(found)
}

fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

fn has_delimiter(text: &str) -> bool {
    text.split_whitespace().any(|word| word == "--")
}

/// gdb's spellings of true and false, also abbreviated.
#[must_use]
pub fn parse_boolean(word: &str) -> Option<bool> {
    let is = |full: &str, least: usize| word.len() >= least && full.starts_with(word);
    if is("on", 2) || is("1", 1) || is("yes", 1) || is("enable", 1) {
        return Some(true);
    }
    (is("off", 2) || is("0", 1) || is("no", 1) || is("disable", 1)).then_some(false)
}

fn boolean<'a>(name: &str, text: &'a str) -> Result<(bool, &'a str)> {
    if text.is_empty() || text.starts_with('-') {
        return Ok((true, text));
    }
    let (word, after) = split_word(text);
    match parse_boolean(word) {
        Some(value) => Ok((value, after)),
        None => Err(ExprError::msg(format!("Value given for `-{name}' is not a boolean: {word}"))),
    }
}

/// A number or `unlimited`.
fn limit(text: &str) -> Result<(Option<u32>, &str)> {
    let (word, after) = split_word(text);
    if word.is_empty() {
        return Err(ExprError::msg("Argument required (integer to set it to, or \"unlimited\")."));
    }
    if let Some(junk) = text.strip_prefix('-').filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Err(ExprError::msg(format!("Trailing junk at: {junk}")));
    }
    if word.starts_with('-') && word != "-1" {
        return Err(ExprError::msg("only -1 is allowed to set as unlimited"));
    }
    if word == "-1" || "unlimited".starts_with(word) {
        return Ok((None, after));
    }
    let number = word.parse::<u64>().map_err(|_| ExprError::msg(format!("Expected integer at: {text}")))?;
    let number = u32::try_from(number).ok().filter(|&number| number <= i32::MAX as u32);
    let number = number.ok_or_else(|| ExprError::msg(format!("integer {word} out of range")))?;
    Ok((Some(number), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> std::result::Result<(PrintOptions, String), String> {
        let mut options = PrintOptions::default();
        match parse_print_options(text, &mut options) {
            Ok(rest) => Ok((options, rest.to_owned())),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn options_end_with_two_dashes() {
        let (options, rest) = check("-pretty -elem 3 -union off -- -x").unwrap();
        assert!(options.pretty && !options.union);
        assert_eq!((options.elements, rest.as_str()), (Some(3), "-x"));
        let (options, _) = check("-elements unlimited -repeats 0 -max-depth 0 -- x").unwrap();
        assert_eq!((options.elements, options.repeats, options.max_depth), (None, None, Some(0)));
    }

    #[test]
    fn without_them_a_minus_is_a_minus() {
        let (options, rest) = check("-pretty").unwrap();
        assert_eq!((options, rest.as_str()), (PrintOptions::default(), "-pretty"));
    }

    #[test]
    fn errors() {
        assert_eq!(check("-nosuch -- 1"), Err("Unrecognized option at: -nosuch -- 1".to_owned()));
        assert_eq!(check("-a -- 1"), Err("Ambiguous option at: -a -- 1".to_owned()));
        assert_eq!(
            check("-pretty maybe -- 1"),
            Err("Value given for `-pretty' is not a boolean: maybe".to_owned())
        );
        assert_eq!(check("-elements -- 1"), Err("Trailing junk at: - 1".to_owned()));
    }
}
