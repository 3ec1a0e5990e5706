//! The options of commands that list what has a name and a type: `-q`, `-n`, `-t TYPEREGEX`, `--`, and a regular expression.

use crate::Error;

/// Which variables or symbols a command is to show.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    /// `-q`: nothing is said where nothing is found.
    pub quiet: bool,
    /// `-n`: none that have no debug information.
    pub debugging_only: bool,
    /// `-t`: those whose type matches this.
    pub ty: Option<String>,
    /// Those whose name matches this; empty for all.
    pub name: &'a str,
}

impl<'a> Filter<'a> {
    /// Reads the options whose letters are among `known`; what is none of them begins the name.
    ///
    /// # Errors
    /// `-t` without a type.
    pub fn parse(text: &'a str, known: &str) -> Result<Self, Error> {
        let mut filter = Self { name: text.trim(), ..Self::default() };
        loop {
            let (word, after) = filter.name.split_once(char::is_whitespace).unwrap_or((filter.name, ""));
            let after = after.trim_start();
            match word.strip_prefix('-').filter(|letter| *letter == "-" || known.contains(letter)) {
                Some("-") => return Ok(Self { name: after, ..filter }),
                Some("q") => filter.quiet = true,
                Some("n") => filter.debugging_only = true,
                Some("t") => {
                    let (ty, after) =
                        first_word(after).ok_or_else(|| Error::msg("-t requires an argument"))?;
                    (filter.ty, filter.name) = (Some(ty.to_owned()), after);
                    continue;
                }
                _ => return Ok(filter),
            }
            filter.name = after;
        }
    }
}

/// The first word, which may be quoted, and what follows it.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|&c| c == '"' || c == '\'');
    let (word, rest) = match quote {
        Some(quote) => text.get(1..)?.split_once(quote)?,
        None => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    };
    (!word.is_empty()).then(|| (word, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_in_front_of_a_name() {
        let check = |text, known| Filter::parse(text, known).map_err(|error| error.to_string());
        let of = |quiet, ty: Option<&str>, name| {
            Ok(Filter { quiet, debugging_only: false, ty: ty.map(str::to_owned), name })
        };
        assert_eq!(check("", "qt"), of(false, None, ""));
        assert_eq!(check("-q x", "qt"), of(true, None, "x"));
        assert_eq!(check("-t 'struct st' ^s", "qt"), of(false, Some("struct st"), "^s"));
        assert_eq!(check("-t int -q", "qt"), of(true, Some("int"), ""));
        assert_eq!(check("-- -q", "qt"), of(false, None, "-q"));
        // What is no option is a name.
        for text in ["-x", "-n", "-qt", "-", "a -q"] {
            assert_eq!(check(text, "qt"), of(false, None, text));
        }
        for text in ["-t", "-q -t", "-t ''", "-t 'a"] {
            assert_eq!(check(text, "qt"), Err("-t requires an argument".to_owned()));
        }
        let both = Filter { quiet: true, debugging_only: true, ty: None, name: "^a" };
        assert_eq!(check("-n -q ^a", "qn"), Ok(both));
    }
}
