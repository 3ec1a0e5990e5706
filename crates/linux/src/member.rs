//! What lies at an offset of a structure.

use kdive_program::Program;
use kdive_types::{Kind, Type};

/// Deepest nesting of structures.
const MAX_DEPTH: usize = 16;

/// The member at an offset as C names it, `se.load.weight` or `comm[3]`, with its type: the innermost that begins there, or
/// that covers it. `None` for padding and what lies outside.
#[must_use]
pub fn member_at(program: &Program, ty: &Type, offset: u64) -> Option<(String, Type)> {
    let mut path = String::new();
    let mut ty = program.modules.complete(&ty.strip());
    let mut offset = offset;
    for _ in 0..MAX_DEPTH {
        let stripped = ty.strip();
        match stripped.kind() {
            Kind::Composite(composite) => {
                let member = composite.members().iter().find_map(|member| {
                    let inner = program.modules.complete(&member.ty.get());
                    let start = member.bit_offset / 8;
                    let size = inner.size().unwrap_or(0);
                    (start <= offset && offset < start.saturating_add(size)).then_some((
                        member.name.clone(),
                        start,
                        inner,
                    ))
                });
                let (name, start, inner) = member?;
                if let Some(name) = name {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&name);
                }
                offset -= start;
                ty = inner;
            }
            Kind::Array(_) => {
                let elem = program.modules.complete(&stripped.target()?);
                let size = elem.size().filter(|size| *size > 0)?;
                path.push_str(&format!("[{}]", offset / size));
                offset %= size;
                ty = elem;
            }
            _ => {
                if offset != 0 {
                    path.push_str(&format!(" (byte {offset} of it)"));
                }
                return (!path.is_empty()).then_some((path, ty));
            }
        }
    }
    None
}
