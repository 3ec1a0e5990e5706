//! Input lines: a token, a command and its arguments.

/// Longest line that is taken.
pub const MAX_LINE: usize = 1 << 20;

/// A line of input, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// The digits before the command, which come back with the answer.
    pub token: String,
    /// What is to be done.
    pub command: Command,
}

/// What a line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// A command as people type it.
    Console(String),
    /// A command of MI.
    Mi(MiCommand),
}

/// A command of MI.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MiCommand {
    /// Its name, without the dash.
    pub name: String,
    /// `--thread`.
    pub thread: Option<u32>,
    /// `--frame`.
    pub frame: Option<usize>,
    /// `--thread-group`.
    pub group: Option<String>,
    /// Everything after the name and those options, as it was typed.
    pub rest: String,
}

/// Takes a line apart.
///
/// # Errors
/// The message for the client, with the token.
pub fn parse(line: &str) -> Result<Input, (String, String)> {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (token, rest) = line.split_at(digits);
    let token = token.to_owned();
    if line.len() > MAX_LINE {
        let token = if digits > 64 { String::new() } else { token };
        return Err((token, format!("a line of more than {MAX_LINE} bytes")));
    }
    let rest = rest.trim_start();
    let Some(mi) = rest.strip_prefix('-') else {
        return Ok(Input { token, command: Command::Console(rest.to_owned()) });
    };
    let (name, mut rest) = mi.split_at(mi.find(char::is_whitespace).unwrap_or(mi.len()));
    let mut command = MiCommand { name: name.to_owned(), ..MiCommand::default() };
    rest = rest.trim_start();
    loop {
        let (word, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
        let after = after.trim_start();
        let (value, behind) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
        let number =
            || value.parse().map_err(|_| (token.clone(), format!("Invalid value for the '{word}' option")));
        match word {
            "--all" => {
                rest = after;
                continue;
            }
            "--thread" => command.thread = Some(number()?),
            "--frame" => command.frame = Some(number()? as usize),
            "--thread-group" => {
                if !value.starts_with('i') {
                    return Err((token, "Invalid thread group id".to_owned()));
                }
                command.group = Some(value.to_owned());
            }
            "--language" => {
                let known = ["c", "auto", "local", "minimal", "asm", "c++"];
                if !known.contains(&value) {
                    return Err((token, format!("Invalid --language argument: {value}")));
                }
            }
            _ => break,
        }
        rest = behind.trim_start();
    }
    command.rest = rest.trim_end().to_owned();
    Ok(Input { token, command: Command::Mi(command) })
}

/// The arguments of a command of MI: words, or strings in quotes with the escapes of C.
///
/// # Errors
/// When a string does not end, or something follows its end at once.
pub fn arguments(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (word, after) = string(quoted).ok_or("Problem parsing arguments: unterminated string")?;
            if after.starts_with(|c: char| !c.is_whitespace()) {
                return Err(format!("Problem parsing arguments: text after a string: {after}"));
            }
            found.push(word);
            rest = after.trim_start();
        } else {
            let (word, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
            found.push(word.to_owned());
            rest = after.trim_start();
        }
    }
    Ok(found)
}

/// A string up to its closing quote, and what follows.
fn string(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let after = text.get(at + 1..).unwrap_or_default();
                return Some((String::from_utf8_lossy(&bytes).into_owned(), after));
            }
            '\\' => {
                let (at, escaped) = chars.next()?;
                match escaped {
                    'n' => bytes.push(b'\n'),
                    't' => bytes.push(b'\t'),
                    'r' => bytes.push(b'\r'),
                    'b' => bytes.push(8),
                    'f' => bytes.push(12),
                    'a' => bytes.push(7),
                    'e' => bytes.push(27),
                    '0'..='7' => {
                        let digits: String =
                            text.get(at..)?.chars().take(3).take_while(|c| ('0'..='7').contains(c)).collect();
                        for _ in 1..digits.len() {
                            chars.next();
                        }
                        bytes.push(u16::from_str_radix(&digits, 8).unwrap_or(0) as u8);
                    }
                    other => bytes.extend(other.encode_utf8(&mut [0; 4]).bytes()),
                }
            }
            other => bytes.extend(other.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mi(line: &str) -> MiCommand {
        match parse(line).unwrap().command {
            Command::Mi(command) => command,
            Command::Console(text) => panic!("{text}"),
        }
    }

    #[test]
    fn tokens_and_kinds() {
        let input = parse("34 next").unwrap();
        assert_eq!((input.token.as_str(), input.command), ("34", Command::Console("next".into())));
        assert_eq!(parse("007-exec-run").unwrap().token, "007");
        assert_eq!(mi("-break-insert  -t  main ").rest, "-t  main");
        assert_eq!(parse("").unwrap().command, Command::Console(String::new()));
        assert_eq!(parse("12").unwrap().token, "12");
    }

    #[test]
    fn options_of_all_commands() {
        let command = mi("1-var-create --thread 2 --frame 3 --language c - * $pc");
        assert_eq!((command.thread, command.frame, command.rest.as_str()), (Some(2), Some(3), "- * $pc"));
        assert_eq!(mi("-exec-continue --all").rest, "");
        assert_eq!(mi("-exec-run --thread-group i1").group.as_deref(), Some("i1"));
        assert!(parse("-x --thread y").is_err());
        assert!(parse("5-x --thread-group 1").is_err());
        // Only before the arguments.
        assert_eq!(mi("-x a --thread 2").thread, None);
    }

    #[test]
    fn strings() {
        assert_eq!(arguments(r#"a "b \"c\"\n" d"#).unwrap(), ["a", "b \"c\"\n", "d"]);
        assert_eq!(arguments(r#""\101\60z\\" """#).unwrap(), ["A0z\\", ""]);
        assert_eq!(arguments(r#""\303\251""#).unwrap(), ["é"]);
        assert!(arguments(r#""open"#).is_err());
        assert!(arguments(r#""open\"#).is_err());
        assert!(arguments(r#""a"b"#).is_err());
        assert_eq!(arguments(r#"a"b c"#).unwrap(), ["a\"b", "c"]);
    }

    #[test]
    fn long_lines_are_refused() {
        let line = "1".repeat(MAX_LINE + 1);
        assert_eq!(parse(&line).unwrap_err().0, "");
        let line = format!("7-x {}", "y".repeat(MAX_LINE));
        assert_eq!(parse(&line).unwrap_err().0, "7");
    }
}
