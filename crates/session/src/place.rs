//! The argument of `break`: a location, then `if`, `thread` and their kin in any order.

use crate::Error;

/// The argument of `break`, taken apart but not looked up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BreakArgs {
    /// The location; empty for the place where the program stands.
    pub location: String,
    /// After `if`.
    pub condition: Option<String>,
    /// After `thread`, as typed.
    pub thread: Option<String>,
    /// After `task`, as typed.
    pub task: Option<String>,
    /// After `comm`.
    pub comm: Option<String>,
    /// `-force-condition`.
    pub force_condition: bool,
    /// Everything after the location, as typed: shown while the breakpoint is pending.
    pub extra: String,
}

/// One blank-separated word with its position.
struct Word<'a> {
    start: usize,
    text: &'a str,
}

/// Words outside quotes, parentheses and brackets.
fn words(text: &str) -> Vec<Word<'_>> {
    let (mut found, mut start, mut quote, mut depth) = (Vec::new(), None, None, 0u32);
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            if c == open {
                quote = None;
            }
            continue;
        }
        match c {
            c if c.is_whitespace() && depth == 0 => {
                if let Some(start) = start.take() {
                    found.push(Word { start, text: text.get(start..at).unwrap_or_default() });
                }
                continue;
            }
            '"' | '\'' => quote = Some(c),
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        start.get_or_insert(at);
    }
    if let Some(start) = start {
        found.push(Word { start, text: text.get(start..).unwrap_or_default() });
    }
    found
}

fn is_if(word: &str) -> bool {
    word == "if" || word.starts_with("if(")
}

/// The first word of a text, or what stands in quotes at its beginning; and the rest.
pub(crate) fn first_value(text: &str) -> (String, &str) {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\''))
        && let Some((value, rest)) = text.get(1..).and_then(|text| text.split_once(quote))
    {
        return (value.to_owned(), rest);
    }
    let (value, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    (value.to_owned(), rest)
}

/// Where `if` stands as a word of its own in an expression with a condition after it.
pub(crate) fn find_if(text: &str) -> Option<usize> {
    words(text).into_iter().find(|word| is_if(word.text) && word.start > 0).map(|word| word.start)
}

impl BreakArgs {
    /// Takes the argument of `break` apart.
    ///
    /// # Errors
    /// `Junk at end of arguments.`, `You can specify only one thread.`
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let words = words(text);
        // A keyword counts only with something after it that is no keyword itself: `break f thread` names a function.
        let is_keyword = |index: usize| -> bool {
            let Some(word) = words.get(index) else { return false };
            let next = words.get(index + 1);
            match word.text {
                "thread" | "task" | "comm" => next.is_some_and(|next| {
                    !is_if(next.text) && !matches!(next.text, "thread" | "task" | "comm" | "-force-condition")
                }),
                "-force-condition" => true,
                word if is_if(word) => next.is_some() || word.len() > 2,
                _ => false,
            }
        };
        let split = (0..words.len())
            .find(|&index| is_keyword(index))
            .and_then(|index| words.get(index))
            .map_or(text.len(), |word| word.start);
        let (location, extra) = text.split_at(split);
        let mut args =
            Self { location: location.trim_end().to_owned(), extra: extra.to_owned(), ..Self::default() };
        args.parse_extra(extra)?;
        Ok(args)
    }

    fn parse_extra(&mut self, extra: &str) -> Result<(), Error> {
        let mut rest = extra.trim_start();
        while !rest.is_empty() {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if is_if(word) {
                let condition = rest.get(2..).unwrap_or_default();
                rest = self.take_condition(condition);
            } else if "-force-condition".starts_with(word) && word.len() > 1 {
                self.force_condition = true;
                rest = after.trim_start();
            } else if word == "comm" || "task".starts_with(word) && word.len() > 1 {
                if self.task.is_some() || self.comm.is_some() {
                    return Err(Error::msg("You can specify only one task."));
                }
                let after = after.trim_start();
                let (value, after) = first_value(after);
                if word == "comm" {
                    if value.is_empty() {
                        return Err(Error::msg("Argument required after comm: the name of a task."));
                    }
                    self.comm = Some(value);
                } else {
                    self.task = Some(value);
                }
                rest = after.trim_start();
            } else if "thread".starts_with(word) {
                if self.thread.is_some() {
                    return Err(Error::msg("You can specify only one thread."));
                }
                let after = after.trim_start();
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                let (id, after) = after.split_at(end);
                self.thread = Some(id.to_owned());
                rest = after.trim_start();
            } else {
                return Err(Error::msg("Junk at end of arguments."));
            }
        }
        Ok(())
    }

    /// A condition reaches to the end, or to `thread N`, `task N` or a short form of those, or to `comm NAME`.
    fn take_condition<'a>(&mut self, text: &'a str) -> &'a str {
        let words = words(text);
        let end = words
            .windows(2)
            .find_map(|pair| match pair {
                [keyword, value]
                    if ["thread", "task"].iter().any(|word| word.starts_with(keyword.text))
                        && value.text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                        // A variable may be called so.
                        || keyword.text == "comm"
                            && keyword.start > 0
                            && value.text.starts_with(|c: char| c.is_alphanumeric() || "_\"'/".contains(c)) =>
                {
                    Some(keyword.start)
                }
                _ => None,
            })
            .unwrap_or(text.len());
        let (condition, rest) = text.split_at(end);
        // gdb keeps the blanks between the condition and what follows it.
        self.condition = Some(condition.trim_start().to_owned());
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> BreakArgs {
        BreakArgs::parse(text).unwrap()
    }

    #[test]
    fn location_alone() {
        assert_eq!(check("  vfs_read ").location, "vfs_read");
        assert_eq!(check("fs/read_write.c:450").location, "fs/read_write.c:450");
        assert_eq!(check("").location, "");
    }

    #[test]
    fn condition_and_thread_in_both_orders() {
        let args = check("leaf if a == 1 thread 2");
        assert_eq!((args.location.as_str(), args.condition.as_deref()), ("leaf", Some("a == 1 ")));
        assert_eq!(args.thread.as_deref(), Some("2"));
        let args = check("leaf thread 2 if a==1");
        assert_eq!((args.condition.as_deref(), args.thread.as_deref()), (Some("a==1"), Some("2")));
        assert_eq!(args.extra, "thread 2 if a==1");
        assert_eq!(check("leaf if(x > 1)").condition.as_deref(), Some("(x > 1)"));
        assert_eq!(check("if 1").location, "");
    }

    #[test]
    fn a_keyword_without_anything_after_it_is_part_of_the_location() {
        assert_eq!(check("leaf thread").location, "leaf thread");
        assert_eq!(check("leaf if").location, "leaf if");
        assert_eq!(check("'if thread 2'").location, "'if thread 2'");
    }

    #[test]
    fn keywords_inside_an_address_expression() {
        let args = check("*((unsigned long) f + 4) if x");
        assert_eq!(args.location, "*((unsigned long) f + 4)");
        assert_eq!(args.condition.as_deref(), Some("x"));
    }

    #[test]
    fn tasks_in_any_order() {
        let args = check("leaf task 82 if a == 1 thread 2");
        assert_eq!((args.task.as_deref(), args.thread.as_deref()), (Some("82"), Some("2")));
        assert_eq!(args.condition.as_deref(), Some("a == 1 "));
        let args = check("leaf if a == 1 task 82 -force-condition");
        assert_eq!((args.task.as_deref(), args.force_condition), (Some("82"), true));
        let args = check("leaf thread 1 comm kworker/0:1 if comm == 3");
        assert_eq!(
            (args.comm.as_deref(), args.condition.as_deref()),
            (Some("kworker/0:1"), Some("comm == 3"))
        );
        let args = check("leaf if x comm \"a b\" -force");
        assert_eq!((args.comm.as_deref(), args.condition.as_deref()), (Some("a b"), Some("x ")));
        assert!(args.force_condition);
        assert_eq!(check("comm").location, "comm");
        for twice in ["f task 1 task 2", "f comm a comm b", "f task 1 comm a"] {
            assert_eq!(BreakArgs::parse(twice).unwrap_err().to_string(), "You can specify only one task.");
        }
    }

    #[test]
    fn nonsense_after_a_keyword() {
        assert_eq!(
            BreakArgs::parse("f thread 1 banana").unwrap_err().to_string(),
            "Junk at end of arguments."
        );
        assert_eq!(
            BreakArgs::parse("f thread 1 thread 2").unwrap_err().to_string(),
            "You can specify only one thread."
        );
    }
}
