//! Addresses with the symbol they lie in.

use super::Printer;
use crate::context::Context;
use crate::settings::PrintOptions;
use kdive_base::VirtAddr;
use kdive_types::{Out, Style};

/// ` <sym+off>` without the blank, where a symbol covers the address.
#[must_use]
pub fn symbol_suffix(context: &dyn Context, addr: VirtAddr, options: &PrintOptions) -> Option<Out> {
    let found = context.symbolize(addr)?;
    if options.max_symbolic_offset.is_some_and(|most| found.offset > most) {
        return None;
    }
    let mut out = Out::new();
    out.push("<");
    out.styled(Style::Function, &found.name);
    if found.offset > 0 {
        out.push(&format!("+{}", found.offset));
    }
    if options.symbol_filename
        && let Some((file, line)) = &found.line
    {
        out.push(" at ");
        out.styled(Style::Filename, file);
        out.push(&format!(":{line}"));
    }
    out.push(">");
    Some(out)
}

/// `0xADDR <sym+off>`, whatever `set print address` says.
pub fn print_address(context: &dyn Context, addr: VirtAddr, options: &PrintOptions, out: &mut Out) {
    out.styled(Style::Address, &format!("{addr:#x}"));
    if let Some(suffix) = symbol_suffix(context, addr, options) {
        out.push(" ");
        out.append(&suffix);
    }
}

impl Printer<'_> {
    /// The address of something, by `set print address`; tells whether anything was printed.
    pub(super) fn address(&self, addr: VirtAddr, out: &mut Out) -> bool {
        if self.options.address {
            print_address(self.context, addr, &self.options, out);
            return true;
        }
        match symbol_suffix(self.context, addr, &self.options) {
            Some(suffix) => {
                out.append(&suffix);
                true
            }
            None => false,
        }
    }
}
