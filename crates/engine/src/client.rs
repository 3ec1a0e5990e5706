//! What clients ask for in their own terms: conditions on hits, and source files by a path of another tree.

use crate::{Engine, VariableInfo, VariableKind};

/// Kinds of trouble of the kernel that can be stopped at: the filter, its label, and the command.
pub const TROUBLE: &[(&str, &str, &str)] = &[
    ("oops", "Oops: the kernel faulted", "catch oops"),
    ("panic", "Panic: the kernel stops for good", "catch panic"),
    ("bug", "BUG: an assertion of the kernel failed", "catch bug"),
    ("warn", "WARN: something unexpected", "catch warn"),
    ("hung-task", "A task hangs", "catch hung-task"),
    ("lockup", "A CPU is locked up", "catch lockup"),
];

/// Whether a condition on the number of hits holds: `5` (from the fifth on), `> 3`, `== 2`, `% 10`.
#[must_use]
pub fn hits_hold(condition: &str, hits: u64) -> Option<bool> {
    let text = condition.trim();
    let (operator, number) = text.split_at(text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.trim().parse().ok()?;
    Some(match operator.trim() {
        "" | ">=" => hits >= number,
        ">" => hits > number,
        "=" | "==" => hits == number,
        "<" => hits < number,
        "<=" => hits <= number,
        "%" => number > 0 && hits.is_multiple_of(number),
        _ => return None,
    })
}

/// The ends of a path, the whole first: the kernel's files are known by their paths in its tree.
pub fn path_ends(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.match_indices('/').map(|(at, _)| path.get(at + 1..).unwrap_or_default());
    std::iter::once(path).chain(inner).filter(|end| !end.is_empty())
}

impl VariableInfo {
    /// An expression for a watchpoint on it wherever the program is, its address and its size; `None` for what cannot be watched.
    #[must_use]
    pub fn to_watch(&self) -> Option<(String, u64, u64)> {
        let (addr, size) = self.address.zip(self.size.filter(|size| (1..=64).contains(size)))?;
        let expression = match self.kind {
            VariableKind::Scalar => format!("*({} *) {addr:#x}", self.ty),
            VariableKind::Pointer => format!("*(void **) {addr:#x}"),
            _ => format!("*(char (*)[{size}]) {addr:#x}"),
        };
        Some((expression, addr, size))
    }
}

impl Engine {
    /// Lines with code of a file that the client may have in another tree: the longest end of its path that is known counts.
    #[must_use]
    pub fn lines_by_path(&self, path: &str, first: u32, last: u32) -> Vec<u32> {
        let found = path_ends(path).filter_map(|end| self.breakable_lines(end, first, last).ok());
        found.into_iter().find(|lines| !lines.is_empty()).unwrap_or_default()
    }

    /// Addresses of a line of such a file.
    #[must_use]
    pub fn addresses_by_path(&self, path: &str, line: i64) -> Vec<u64> {
        let found = path_ends(path).filter_map(|end| self.addresses(&format!("{end}:{line}")).ok());
        found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_hits() {
        for (condition, hits, expected) in [
            ("3", 2, Some(false)),
            ("3", 3, Some(true)),
            ("3", 4, Some(true)),
            ("> 3", 3, Some(false)),
            ("==2", 2, Some(true)),
            ("<= 2", 3, Some(false)),
            ("% 2", 4, Some(true)),
            ("% 0", 4, Some(false)),
            ("x", 1, None),
            ("=> 2", 1, None),
            ("99999999999999999999999", 1, None),
        ] {
            assert_eq!(hits_hold(condition, hits), expected, "{condition}");
        }
    }
}
