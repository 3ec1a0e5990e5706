//! Lists of breakpoint numbers as users type them: `1-3 5`, `4.2`, `4.1-3`, `$bpnum`.

use crate::Error;
use kdive_program::Program;

/// A list longer than anybody types.
const LIMIT: u64 = 100_000;

/// One breakpoint, or locations of one breakpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberRange {
    /// The breakpoint's number.
    pub number: u32,
    /// First and last location, from 1; `None`: the whole breakpoint.
    pub locations: Option<(u32, u32)>,
}

/// Something to say about a list of numbers that does not keep the rest of it from being used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Complaint {
    /// To standard output as it is.
    Plain(String),
    /// `warning: ` to standard error.
    Warning(String),
}

/// Why a word is no number.
enum NotNumber {
    /// It is neither a number nor a variable.
    Word,
    /// It is a variable that holds no integer; what gdb says of it before it complains about the number 0.
    Variable(&'static str),
    /// The whole command ends here.
    Fatal(Error),
}

/// A number, `$variable` or a value of the history.
fn number(program: &Program, token: &str) -> Result<i64, NotNumber> {
    let Some(name) = token.strip_prefix('$') else {
        return token.parse().map_err(|_| NotNumber::Word);
    };
    let from_history = name.trim_start_matches('$').bytes().all(|byte| byte.is_ascii_digit());
    if !from_history && name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(NotNumber::Variable(NO_INTEGER));
    }
    match program.integer_of(token) {
        Ok(Some(value)) => Ok(value),
        Ok(None) if from_history => Err(NotNumber::Variable("History value must have integer type.")),
        Ok(None) => Err(NotNumber::Variable(NO_INTEGER)),
        Err(error) => Err(NotNumber::Fatal(error.into())),
    }
}

const NO_INTEGER: &str = "Convenience variable must have integer value.";

/// The list after `delete`, `tbreak`-like commands that take whole breakpoints only: `1-3 5 $n`. Parsing ends silently at
/// the first word that is neither a number nor a variable, as in gdb. Complaints come as warnings beside the numbers.
///
/// # Errors
/// `negative value`, `inverted range`.
pub fn parse_list(program: &Program, text: &str) -> Result<(Vec<u32>, Vec<Complaint>), Error> {
    let (mut numbers, mut complaints) = (Vec::new(), Vec::new());
    for token in text.split_whitespace() {
        if token.starts_with('-') {
            return Err(Error::msg("negative value"));
        }
        if !token.starts_with(|c: char| c.is_ascii_digit() || c == '$') {
            break;
        }
        let (from, to) = match token.split_once('-') {
            Some((from, to)) => (number(program, from), Some(number(program, to))),
            None => (number(program, token), None),
        };
        let mut zero_if_bad = |end: Result<i64, NotNumber>| match end {
            Ok(value) => Ok(value),
            Err(NotNumber::Word) => Ok(0),
            Err(NotNumber::Variable(text)) => {
                complaints.push(Complaint::Plain(text.to_owned()));
                Ok(0)
            }
            Err(NotNumber::Fatal(error)) => Err(error),
        };
        let from = zero_if_bad(from)?;
        let to = match to {
            Some(to) => zero_if_bad(to)?,
            None => from,
        };
        if from < 0 || to < 0 {
            return Err(Error::msg("negative value"));
        }
        if to < from {
            return Err(Error::msg("inverted range"));
        }
        if from == 0 {
            complaints.push(Complaint::Warning("bad breakpoint number at or near '0'".to_owned()));
            continue;
        }
        for n in (from..=to).take(LIMIT as usize) {
            numbers.push(u32::try_from(n).unwrap_or(u32::MAX));
        }
    }
    Ok((numbers, complaints))
}

/// One word after `enable` or `disable`: `1`, `1-3`, `1.2`, `1.2-4`.
///
/// # Errors
/// `Bad breakpoint number 'x'`, `Bad breakpoint location number 'x'`.
pub fn parse_ranges(program: &Program, token: &str) -> Result<Vec<NumberRange>, Error> {
    let bad = |text: &str| Error::msg(format!("Bad breakpoint number '{text}'"));
    let bad_location = |text: &str| Error::msg(format!("Bad breakpoint location number '{text}'"));
    let positive = |program: &Program, part: &str, bad: Error| -> Result<u32, Error> {
        match number(program, part) {
            Ok(n) => u32::try_from(n).ok().filter(|&n| n > 0).ok_or(bad),
            Err(NotNumber::Word) => Err(bad),
            Err(NotNumber::Variable(text)) => Err(Error::msg(format!("{text}\n{bad}"))),
            Err(NotNumber::Fatal(error)) => Err(error),
        }
    };
    let one = |program: &Program, part: &str| positive(program, part, bad(token));
    if let Some((owner, rest)) = token.split_once('.') {
        let owner = one(program, owner)?;
        let location = |program: &Program, part: &str| positive(program, part, bad_location(part));
        let range = match rest.split_once('-') {
            Some((from, to)) => {
                let (from_n, to_n) = (location(program, from)?, location(program, to)?);
                if to_n < from_n {
                    return Err(Error::msg(format!("Inverted breakpoint location range at '{from}-{to}'")));
                }
                (from_n, to_n)
            }
            None => {
                let n = location(program, rest)?;
                (n, n)
            }
        };
        return Ok(vec![NumberRange { number: owner, locations: Some(range) }]);
    }
    match token.split_once('-') {
        Some((from, to)) if !from.is_empty() => {
            if to.is_empty() {
                return Err(Error::msg(format!("Bad breakpoint number at or near: '{token}'")));
            }
            let (from_n, to_n) = (one(program, from)?, one(program, to)?);
            if to_n < from_n {
                return Err(Error::msg(format!("Inverted breakpoint range at '{token}'")));
            }
            Ok((from_n..=to_n)
                .take(LIMIT as usize)
                .map(|number| NumberRange { number, locations: None })
                .collect())
        }
        _ => Ok(vec![NumberRange { number: one(program, token)?, locations: None }]),
    }
}
