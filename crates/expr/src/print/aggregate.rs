//! Arrays, structures and unions.

use super::{Printer, is_text, text};
use crate::error::Result;
use crate::settings::PrintOptions;
use kdive_base::VirtAddr;
use kdive_types::{Array, Composite, CompositeKind, Contents, Out, Place, Style, Type, Value};

impl Printer<'_> {
    fn indent(&self, levels: u32, out: &mut Out) {
        out.push("\n");
        out.spaces(2 * levels as usize);
    }

    pub(super) fn array(&self, value: &Value, array: &Array, recurse: u32, out: &mut Out) -> Result<()> {
        let elem = array.elem.get();
        let size = elem.size().unwrap_or(0);
        let count = match array.count {
            Some(count) if count > 0 && size > 0 => count,
            // What a walker of the debugger found nothing of.
            Some(0) if recurse == 0 && matches!(value.place(), Place::None) => {
                out.push("{}");
                return Ok(());
            }
            _ => {
                // Of unknown length: as a pointer to the first element.
                return self.pointer_to(value.address().unwrap_or(VirtAddr(0)), &elem, out);
            }
        };
        let contents = value.contents(self.context)?;
        if is_text(&elem, self.options.format) && contents.holes().is_empty() && !array.vector {
            self.text_array(contents, &elem, size, out);
            return Ok(());
        }
        out.push("{");
        self.elements(value, contents, &elem, count, recurse, out)?;
        out.push("}");
        Ok(())
    }

    fn text_array(&self, contents: &Contents, elem: &Type, size: u64, out: &mut Out) {
        let bytes = &contents.bytes()[..];
        let width = usize::try_from(size).unwrap_or(1);
        let mut cut = false;
        let mut shown = bytes;
        if self.options.null_stop {
            let limit = usize::try_from(text::string_limit(&self.options)).unwrap_or(usize::MAX);
            let stop = bytes
                .chunks_exact(width)
                .take(limit)
                .position(|unit| unit.iter().all(|&byte| byte == 0))
                .unwrap_or_else(|| (bytes.len() / width).min(limit));
            shown = bytes.get(..stop * width).unwrap_or(bytes);
            cut = stop == limit && bytes.get(stop * width).is_some_and(|&byte| byte != 0);
        }
        text::string(shown, elem, cut, &self.options, out);
    }

    fn elements(
        &self,
        value: &Value,
        contents: &Contents,
        elem: &Type,
        count: u64,
        recurse: u32,
        out: &mut Out,
    ) -> Result<()> {
        let size = elem.size().unwrap_or(0);
        let limit = self.options.elements.map_or(u64::MAX, u64::from);
        let threshold = self.options.repeats.map(u64::from);
        let mut at = 0;
        let mut printed = 0u64;
        while at < count && printed < limit {
            self.context.check_interrupt()?;
            if at > 0 {
                out.push(if self.options.array { "," } else { ", " });
            }
            if self.options.array {
                self.indent(recurse + 1, out);
            }
            out.may_break(indent_of(recurse));
            if self.options.array_indexes {
                self.index(at, out);
            }
            let mut run = 1;
            if threshold.is_some() {
                while at + run < count && same_element(contents, at, at + run, size) {
                    run += 1;
                }
            }
            let element = value.component(elem.clone(), at.saturating_mul(size).saturating_mul(8), None);
            self.common(&element, recurse + 1, out)?;
            match threshold {
                Some(threshold) if run > threshold => {
                    out.push(" ");
                    out.styled(Style::Metadata, &format!("<repeats {run} times>"));
                    at += run;
                    printed += threshold;
                }
                _ => {
                    at += 1;
                    printed += 1;
                }
            }
        }
        if at < count {
            out.push("...");
        }
        if self.options.array {
            self.indent(recurse, out);
        }
        Ok(())
    }

    /// `[3] = `, as a `long` prints with these options.
    fn index(&self, at: u64, out: &mut Out) {
        let number = crate::eval::from_int(&crate::builtin::builtin().long, i128::from(at));
        let mut text = Out::new();
        if self.scalar(&number, number.ty(), &mut text).is_err() {
            text.push(&at.to_string());
        }
        out.push("[");
        out.append(&text);
        out.push("] = ");
    }

    pub(super) fn composite(
        &self,
        value: &Value,
        composite: &Composite,
        recurse: u32,
        out: &mut Out,
    ) -> Result<()> {
        if composite.kind == CompositeKind::Union && recurse > 0 && !self.options.union {
            out.push("{...}");
            return Ok(());
        }
        out.push("{");
        if composite.members().is_empty() {
            out.styled(Style::Metadata, "<No data fields>");
            out.push("}");
            return Ok(());
        }
        for (at, member) in composite.members().iter().enumerate() {
            if at > 0 {
                out.push(if self.options.pretty { "," } else { ", " });
            }
            if self.options.pretty {
                self.indent(recurse + 1, out);
            } else {
                out.may_break(indent_of(recurse));
            }
            let part = value.component(member.ty.get(), member.bit_offset, member.bit_size);
            match member.name.as_deref() {
                Some(name) if !name.is_empty() => {
                    out.styled(Style::Variable, name);
                    out.push(" = ");
                    self.common(&part, recurse + 1, out)?;
                }
                _ => {
                    // Without a name it does not count as a level.
                    let max_depth = self.options.max_depth.map(|depth| depth.saturating_add(1));
                    let options = PrintOptions { max_depth, ..self.options.clone() };
                    self.with(options).common(&part, recurse + 1, out)?;
                }
            }
        }
        if self.options.pretty {
            self.indent(recurse, out);
        }
        out.push("}");
        Ok(())
    }
}

/// Where a broken line goes on: two blanks for each level.
fn indent_of(recurse: u32) -> usize {
    2 + 2 * recurse as usize
}

/// Whether two elements have the same bytes, and the same of them missing.
fn same_element(contents: &Contents, a: u64, b: u64, size: u64) -> bool {
    let bounds = |at: u64| {
        let start = usize::try_from(at.checked_mul(size)?).ok()?;
        Some(start..start.checked_add(usize::try_from(size).ok()?)?)
    };
    let (Some(a), Some(b)) = (bounds(a), bounds(b)) else { return false };
    if contents.bytes().get(a.clone()) != contents.bytes().get(b.clone()) {
        return false;
    }
    contents.holes().is_empty()
        || contents.slice(a.start, a.len()).holes() == contents.slice(b.start, b.len()).holes()
}
