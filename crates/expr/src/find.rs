//! `find`: a pattern in memory.

use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::eval::as_int;
use crate::expr::Expr;
use crate::format::UnitSize;
use kdive_base::VirtAddr;

/// What `find` looks for and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Find {
    /// First address of a match.
    pub start: VirtAddr,
    /// Bytes from `start` on a match may lie in. For 0 gdb says `Empty search range.` and `Pattern not found.`
    pub len: u64,
    /// Most matches.
    pub limit: Option<u64>,
    /// What is looked for.
    pub pattern: Vec<u8>,
}

/// Bytes read at a time.
const CHUNK: usize = 16_000;

impl Find {
    /// Parses `[/SIZE-CHAR] [/MAX-COUNT] START, +LENGTH | END, EXPR1 [, EXPR2 ...]`.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn parse(text: &str, context: &dyn Context) -> Result<Self> {
        let mut rest = text.trim_start();
        if rest.is_empty() {
            return Err(ExprError::msg("Missing search parameters."));
        }
        let mut size = None;
        let mut limit = None;
        while let Some(letters) = rest.strip_prefix('/') {
            rest = letters;
            while let Some(c) = rest.chars().next().filter(|&c| c != '/' && !c.is_whitespace()) {
                let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                if digits > 0 {
                    limit = Some(rest[..digits].parse().unwrap_or(u64::MAX));
                    rest = &rest[digits..];
                    continue;
                }
                size = Some(match c {
                    'b' => UnitSize::Byte,
                    'h' => UnitSize::Half,
                    'w' => UnitSize::Word,
                    'g' => UnitSize::Giant,
                    _ => return Err(ExprError::msg("Invalid size granularity.")),
                });
                rest = &rest[1..];
            }
            rest = rest.trim_start();
        }
        let (start, after) = Expr::parse_until_comma(rest, context)?;
        let start = start.evaluate_address(context)?;
        rest = after_comma(after);
        let len;
        if let Some(length) = rest.strip_prefix('+') {
            let (length, after) = Expr::parse_until_comma(length, context)?;
            let length = length.evaluate_int(context)?;
            rest = after_comma(after);
            if length == 0 {
                return Ok(Self { start, len: 0, limit, pattern: Vec::new() });
            }
            len = u64::try_from(length).map_err(|_| ExprError::msg("Invalid length."))?;
            if start.0.checked_add(len - 1).is_none() {
                return Err(ExprError::msg("Search space too large."));
            }
        } else {
            let (end, after) = Expr::parse_until_comma(rest, context)?;
            let end = end.evaluate_address(context)?;
            rest = after_comma(after);
            let distance = end
                .distance_from(start)
                .ok_or_else(|| ExprError::msg("Invalid search space, end precedes start."))?;
            len = distance.checked_add(1).ok_or_else(|| {
                ExprError::msg("Overflow in address range computation, choose smaller range.")
            })?;
        }
        let pattern = pattern(rest, size, context)?;
        if pattern.is_empty() {
            return Err(ExprError::msg("Missing search pattern."));
        }
        if len < pattern.len() as u64 {
            return Err(ExprError::msg("Search space too small to contain pattern."));
        }
        Ok(Self { start, len, limit, pattern })
    }

    /// Calls `found` with each match in turn. Memory that cannot be read ends the search with a warning; matches in
    /// front of it are found.
    ///
    /// # Errors
    /// What `found` says, the user's interrupt for one.
    pub fn run(&self, context: &dyn Context, found: &mut dyn FnMut(VirtAddr) -> Result<()>) -> Result<()> {
        let mut matches = 0;
        let mut done = 0u64;
        let overlap = self.pattern.len().saturating_sub(1);
        let mut window: Vec<u8> = Vec::new();
        while done < self.len && self.limit.is_none_or(|limit| matches < limit) {
            context.check_interrupt()?;
            let here = self.start.offset(done);
            let most = if done == 0 { CHUNK + overlap } else { CHUNK };
            let asked = usize::try_from(self.len - done).unwrap_or(usize::MAX).min(most);
            let kept = window.len();
            window.resize(kept + asked, 0);
            let (step, ended) = read_prefix(context, here, &mut window[kept..]);
            context.check_interrupt()?;
            window.truncate(kept + step);
            let base = VirtAddr(here.0.wrapping_sub(kept as u64));
            let mut at = 0;
            while let Some(offset) = position(window.get(at..).unwrap_or(&[]), &self.pattern) {
                if self.limit.is_some_and(|limit| matches >= limit) {
                    break;
                }
                matches += 1;
                found(base.offset((at + offset) as u64))?;
                at += offset + 1;
            }
            if ended {
                context.warn(&format!(
                    "Unable to access {asked} bytes of target memory at {here:#x}, halting search."
                ));
                return Ok(());
            }
            // Matches that were reported begin before what is kept.
            let drop = (window.len() - overlap.min(window.len())).max(at.min(window.len()));
            window.drain(..drop);
            done += step as u64;
        }
        Ok(())
    }
}

fn after_comma(rest: &str) -> &str {
    rest.strip_prefix(',').unwrap_or(rest).trim_start()
}

fn pattern(text: &str, size: Option<UnitSize>, context: &dyn Context) -> Result<Vec<u8>> {
    let mut rest = text;
    let mut pattern = Vec::new();
    while !rest.is_empty() {
        let (expr, after) = Expr::parse_until_comma(rest, context)?;
        let value = expr.evaluate(context)?;
        match size {
            Some(size) => {
                let number = as_int(&value, context)?;
                let bytes = usize::try_from(size.bytes()).unwrap_or(1);
                pattern.extend_from_slice(&number.to_le_bytes()[..bytes]);
            }
            None => pattern.extend_from_slice(value.bytes(context)?),
        }
        rest = after_comma(after);
        if rest.len() == after.len() && !rest.is_empty() {
            return Err(ExprError::msg("Junk after end of expression."));
        }
    }
    Ok(pattern)
}

/// Reads as much as there is; tells whether memory ended before `buf` did.
fn read_prefix(context: &dyn Context, addr: VirtAddr, buf: &mut [u8]) -> (usize, bool) {
    let Err(fault) = context.read_memory(addr, buf) else { return (buf.len(), false) };
    let before = fault.addr.distance_from(addr).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if let Some(part) = buf.get_mut(..before)
        && !part.is_empty()
        && context.read_memory(addr, part).is_ok()
    {
        return (before, true);
    }
    (0, true)
}

fn position(text: &[u8], pattern: &[u8]) -> Option<usize> {
    let (&first, rest) = pattern.split_first()?;
    let last = text.len().checked_sub(pattern.len())?;
    let mut at = 0;
    while at <= last {
        at += text.get(at..=last)?.iter().position(|&byte| byte == first)?;
        if text.get(at + 1..at + pattern.len())? == rest {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests;
