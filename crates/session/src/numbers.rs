//! Lists of breakpoint numbers as users type them: `1-3 5`, `4.2`, `4.1-3`, `$bpnum`.

use crate::Error;
use crate::view::View;

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

/// A number or `$variable`; `Err(None)` for a word that is neither.
fn number<V: View>(view: &mut V, token: &str) -> Result<i64, Option<Error>> {
    if token.starts_with('$') {
        return view
            .integer(token)
            .map_err(|_| Some(Error::msg("Convenience variable must have integer value.")));
    }
    token.parse().map_err(|_| None)
}

/// The list after `delete`, `tbreak`-like commands that take whole breakpoints only: `1-3 5 $n`. Parsing ends silently at
/// the first word that is neither a number nor a variable, as in gdb. Complaints come as warnings beside the numbers.
///
/// # Errors
/// `negative value`, `inverted range`.
pub fn parse_list<V: View>(view: &mut V, text: &str) -> Result<(Vec<u32>, Vec<Complaint>), Error> {
    let (mut numbers, mut complaints) = (Vec::new(), Vec::new());
    for token in text.split_whitespace() {
        if token.starts_with('-') {
            return Err(Error::msg("negative value"));
        }
        if !token.starts_with(|c: char| c.is_ascii_digit() || c == '$') {
            break;
        }
        let (from, to) = match token.split_once('-') {
            Some((from, to)) => (number(view, from), number(view, to)),
            None => {
                let only = number(view, token);
                (only.clone(), only)
            }
        };
        let (from, to) = match (from, to) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(Some(error)), _) | (_, Err(Some(error))) => {
                complaints.push(Complaint::Plain(error.to_string()));
                (0, 0)
            }
            _ => (0, 0),
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
pub fn parse_ranges<V: View>(view: &mut V, token: &str) -> Result<Vec<NumberRange>, Error> {
    let bad = |text: &str| Error::msg(format!("Bad breakpoint number '{text}'"));
    let bad_location = |text: &str| Error::msg(format!("Bad breakpoint location number '{text}'"));
    let one = |view: &mut V, part: &str| -> Result<u32, Error> {
        let n = number(view, part).map_err(|_| bad(token))?;
        u32::try_from(n).ok().filter(|&n| n > 0).ok_or_else(|| bad(token))
    };
    if let Some((owner, rest)) = token.split_once('.') {
        let owner = one(view, owner)?;
        let location = |view: &mut V, part: &str| -> Result<u32, Error> {
            let n = number(view, part).map_err(|_| bad_location(part))?;
            u32::try_from(n).ok().filter(|&n| n > 0).ok_or_else(|| bad_location(part))
        };
        let range = match rest.split_once('-') {
            Some((from, to)) => {
                let (from_n, to_n) = (location(view, from)?, location(view, to)?);
                if to_n < from_n {
                    return Err(Error::msg(format!("Inverted breakpoint location range at '{from}-{to}'")));
                }
                (from_n, to_n)
            }
            None => {
                let n = location(view, rest)?;
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
            let (from_n, to_n) = (one(view, from)?, one(view, to)?);
            if to_n < from_n {
                return Err(Error::msg(format!("Inverted breakpoint range at '{token}'")));
            }
            Ok((from_n..=to_n)
                .take(LIMIT as usize)
                .map(|number| NumberRange { number, locations: None })
                .collect())
        }
        _ => Ok(vec![NumberRange { number: one(view, token)?, locations: None }]),
    }
}
