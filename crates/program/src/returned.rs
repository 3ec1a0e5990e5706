//! The value a function returned, where the calling convention put it.

use crate::Program;
use kdive_arch::abi::{self, Member, Place, Shape};
use kdive_base::VirtAddr;
use kdive_types::{Bytes, Encoding, FrameId, Kind, Piece, PieceSource, RegisterId, Type, Value};

/// Deepest nesting of aggregates that is looked into.
const MAX_DEPTH: usize = 32;
/// More scalars than any value in registers has: what is larger lies in memory.
const MAX_MEMBERS: usize = 256;

impl Program {
    /// Before the selected frame returns: the type of the value it returns, if it returns one.
    #[must_use]
    pub fn return_type(&self) -> Option<Type> {
        let frame = self.selected_frame().ok()?;
        let ty = self.modules.function_at(frame.real.lookup_pc)?.ty();
        let Kind::Function(function) = ty.kind() else { return None };
        let ret = function.ret.get();
        if ret.is_void() {
            return None;
        }
        let ty = kdive_expr::Context::complete(self, &ret).unwrap_or(ret);
        Some(ty)
    }

    /// Just after the return: records the value in the history; its number and text.
    ///
    /// # Errors
    /// The text gdb shows when the value cannot be found.
    pub fn record_returned(&self, ty: &Type) -> Result<(usize, String), String> {
        let cannot = || format!("Value returned has type: {}. Cannot determine contents", ty.declaration(""));
        let value = self.returned_value(ty).ok_or_else(cannot)?;
        // Read now: the registers will be gone.
        let _ = value.contents(self);
        let mut out = kdive_types::Out::new();
        kdive_expr::print::print_value(self, &value, &self.options.print, &mut out)
            .map_err(|error| error.to_string())?;
        let number = self.store().record(value);
        Ok((number, out.into_text()))
    }
}

impl Program {
    /// The result of type `ty` of a function that has just returned to the innermost frame. `None` for `void` and where
    /// it cannot be found.
    #[must_use]
    pub fn returned_value(&self, ty: &Type) -> Option<Value> {
        let registers = self.registers()?;
        let layout = registers.layout();
        let frame = self.value_frame(0);
        match abi::return_place(layout.arch(), &shape(ty)?) {
            Place::Nothing => None,
            Place::Memory(register) => Some(Value::at(ty.clone(), VirtAddr(registers.by_name(register)?))),
            Place::Registers(parts) => {
                let mut pieces = Vec::with_capacity(parts.len());
                let mut filled = 0;
                for part in &parts {
                    let index = layout.index_of(part.register)?;
                    pieces.extend(padding(part.offset.saturating_sub(filled)));
                    pieces.push(piece(frame, index, part.size));
                    filled = part.offset + part.size;
                }
                if parts.iter().any(|part| part.register.starts_with("st")) {
                    pieces.extend(padding(ty.size().unwrap_or(0).saturating_sub(filled)));
                }
                Some(Value::pieces(ty.clone(), pieces))
            }
        }
    }
}

/// Bytes that no register holds: a long double has 16 bytes in memory and 10 in its register.
fn padding(size: u64) -> Option<Piece> {
    let bytes = usize::try_from(size).ok().filter(|size| *size > 0)?;
    let source = PieceSource::Literal(Bytes::zeroed(bytes));
    Some(Piece { bit_size: size.saturating_mul(8), bit_offset: 0, source })
}

impl Program {
    /// Puts `value` where the caller looks for the result of a function that has just returned to the innermost frame. `false` for one
    /// in memory: its address is lost once the function has begun.
    ///
    /// # Errors
    /// A register that cannot be written.
    pub fn put_result(&self, value: &Value) -> kdive_expr::Result<bool> {
        let Some(registers) = self.registers() else { return Ok(false) };
        let layout = registers.layout();
        let Some(shape) = shape(value.ty()) else { return Ok(false) };
        let parts = match abi::return_place(layout.arch(), &shape) {
            Place::Nothing => return Ok(true),
            Place::Memory(_) => return Ok(false),
            Place::Registers(parts) => parts,
        };
        let bytes = value.bytes(self)?;
        for part in &parts {
            let range = part.offset as usize..(part.offset + part.size) as usize;
            let (Some(index), Some(bytes)) = (layout.index_of(part.register), bytes.get(range)) else {
                return Ok(false);
            };
            self.write_register_bytes(self.value_frame(0), RegisterId(index as u32), 0, bytes)?;
            if part.register == "st0" {
                // The top of the stack of the x87 is st0, and no other register of it is in use.
                let top = layout.index_of("fstat").zip(registers.by_name("fstat"));
                if let Some((index, status)) = top {
                    let status = (status as u32) | 7 << 11;
                    self.write_register_bytes(
                        self.value_frame(0),
                        RegisterId(index as u32),
                        0,
                        &status.to_le_bytes(),
                    )?;
                }
                if let Some(index) = layout.index_of("ftag") {
                    self.write_register_bytes(
                        self.value_frame(0),
                        RegisterId(index as u32),
                        0,
                        &0x3fff_u32.to_le_bytes(),
                    )?;
                }
            }
        }
        Ok(true)
    }

    /// Whether the result of a function of this type is returned in memory.
    #[must_use]
    pub fn returns_in_memory(&self, ty: &Type) -> bool {
        shape(ty).is_some_and(|shape| matches!(abi::return_place(self.arch(), &shape), Place::Memory(_)))
    }
}

fn piece(frame: FrameId, index: usize, size: u64) -> Piece {
    let source = PieceSource::Register(frame, RegisterId(index as u32));
    Piece { bit_size: size.saturating_mul(8), bit_offset: 0, source }
}

/// A C type as the calling convention sees it; `None` for incomplete ones.
pub(crate) fn shape(ty: &Type) -> Option<Shape> {
    let ty = ty.strip();
    let size = ty.size()?;
    Some(match ty.kind() {
        Kind::Void => Shape::Void,
        Kind::Base(base) => match base.encoding {
            Encoding::Float if size > 8 => Shape::X87,
            Encoding::Float => Shape::Float(size),
            Encoding::ComplexFloat if size > 16 => Shape::ComplexX87,
            Encoding::ComplexFloat => Shape::Aggregate {
                size,
                members: vec![
                    Member { offset: 0, shape: Shape::Float(size / 2) },
                    Member { offset: size / 2, shape: Shape::Float(size / 2) },
                ],
            },
            _ => Shape::Integer(size),
        },
        Kind::Array(array) if array.vector => Shape::Vector(size),
        Kind::Composite(_) | Kind::Array(_) => {
            let mut members = Vec::new();
            flatten(&ty, 0, MAX_DEPTH, &mut members)?;
            Shape::Aggregate { size, members }
        }
        _ => Shape::Integer(size),
    })
}

fn flatten(ty: &Type, base: u64, depth: usize, members: &mut Vec<Member>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let ty = ty.strip();
    match ty.kind() {
        Kind::Composite(composite) => {
            for member in composite.members() {
                if members.len() > MAX_MEMBERS {
                    return Some(());
                }
                let inner = member.ty.get();
                let mut offset = member.bit_offset / 8;
                if member.bit_size.is_some()
                    && let Some(unit) = inner.size().filter(|&unit| unit > 0)
                {
                    offset -= offset % unit;
                }
                flatten(&inner, base.saturating_add(offset), depth, members)?;
            }
        }
        Kind::Array(array) if !array.vector => {
            let elem = array.elem.get();
            let size = elem.size()?;
            for index in 0..array.count.unwrap_or(0).min(MAX_MEMBERS as u64) {
                flatten(&elem, base.saturating_add(index.saturating_mul(size)), depth, members)?;
            }
        }
        _ => members.push(Member { offset: base, shape: shape(&ty)? }),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kdive_types::{Composite, CompositeKind, Node};

    #[test]
    fn nested_aggregates_are_flattened() {
        let int = Type::base("int", 4, Encoding::Signed);
        let member = |name: &str, ty: &Type, bit_offset| kdive_types::Member {
            name: Some(name.into()),
            ty: ty.clone().into(),
            bit_offset,
            bit_size: None,
        };
        let pair = int.array_of(Some(2));
        let members = vec![member("a", &int, 0), member("b", &pair, 32)];
        let kind = Kind::Composite(Composite::with_members(CompositeKind::Struct, members));
        let ty = Type::new(Node {
            name: Some("s".into()),
            byte_size: Some(12),
            align: None,
            big_endian: false,
            kind,
        });
        let Some(Shape::Aggregate { size: 12, members }) = shape(&ty) else { panic!("not an aggregate") };
        assert_eq!(members.iter().map(|member| member.offset).collect::<Vec<_>>(), [0, 4, 8]);
    }
}
