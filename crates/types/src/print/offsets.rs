//! The columns of `ptype /o`.
//!
//! The arithmetic is gdb's down to its unsigned 32 bits: what it takes for a hole inside nested structures depends on it.

use super::TypeOptions;
use crate::{CompositeKind, Member, Out, Style};

/// Width of the columns before a member.
pub(super) const WIDTH: usize = 27;

/// Where the printing of a structure stands.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Offsets {
    /// Bits from the start of the outermost structure to this one.
    base: u32,
    /// First bit after the member printed last.
    end: u32,
}

/// Bits, as gdb counts them.
fn bits(value: u64) -> u32 {
    value as u32
}

impl Offsets {
    /// Goes into a member that is a structure. `outer` has just printed the member's own columns.
    pub(super) fn enter(&mut self, outer: &Self, bit_offset: u64, size: u64) {
        self.base = outer.base.wrapping_add(bits(bit_offset));
        self.end = outer.end.wrapping_sub(bits(size.wrapping_mul(8)));
    }

    /// Prints the columns before a member, and the hole before it.
    pub(super) fn member(
        &mut self,
        kind: CompositeKind,
        member: &Member,
        options: TypeOptions,
        out: &mut Out,
    ) {
        let size = member.ty.get().size().unwrap_or(0);
        if kind == CompositeKind::Union {
            let size = if options.hex { format!("{size:#06x}") } else { size.to_string() };
            out.push(&format!("/*                {size:>6} */"));
            return;
        }
        let at = bits(member.bit_offset);
        self.hole(at, "hole", out);
        let total = at.wrapping_add(self.base);
        let (byte, bit) = (total / 8, total % 8);
        let width = if member.bit_size.is_some() || !self.base.is_multiple_of(8) {
            out.push(&if options.hex {
                format!("/* 0x{byte:04x}: 0x{bit:x}")
            } else {
                format!("/* {byte:6}:{bit:2}  ")
            });
            member.bit_size.unwrap_or(0)
        } else {
            out.push(&if options.hex { format!("/* 0x{byte:04x}") } else { format!("/* {byte:6}") });
            out.push("     ");
            bits(size.wrapping_mul(8))
        };
        out.push(&if options.hex { format!(" |  0x{size:04x} */") } else { format!(" |  {size:6} */") });
        self.end = at.wrapping_add(width);
    }

    /// Prints what comes after the last member.
    pub(super) fn finish(&mut self, size: u64, level: usize, _options: TypeOptions, out: &mut Out) {
        self.hole(bits(size.wrapping_mul(8)), "padding", out);
        out.push("\n");
        out.spaces(level + 4 + WIDTH);
        out.push(&format!("/* total size (bytes): {size:4} */\n"));
    }

    fn hole(&self, at: u32, what: &str, out: &mut Out) {
        if self.end == 0 || self.end >= at {
            return;
        }
        let gap = at - self.end;
        if !gap.is_multiple_of(8) {
            out.styled(Style::Highlight, &format!("/* XXX {:2}-bit {what:<7}    */", gap % 8));
            out.push("\n");
        }
        if gap >= 8 {
            out.styled(Style::Highlight, &format!("/* XXX {:2}-byte {what:<7}   */", gap / 8));
            out.push("\n");
        }
    }
}
