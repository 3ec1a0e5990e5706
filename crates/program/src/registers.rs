//! Registers as expressions see them: typed, and as a frame has them.

use crate::Program;
use kdive_arch::{Availability, FloatFormat, RawWrite, RegType, RegisterFile};
use kdive_base::VirtAddr;
use kdive_types::{
    Array, Composite, CompositeKind, Encoding, Enum, Enumerator, FlagField, FrameId, Function, Kind, Member,
    Node, RegisterId, Type, Value, ValueError,
};
use kdive_unwind::{Location, RegisterError};
use std::rc::Rc;

impl Program {
    /// The id under which values of the unwinder's frame `level` read their registers until the machine runs.
    pub(crate) fn value_frame(&self, real_level: usize) -> FrameId {
        FrameId(self.frames.borrow().generation << 16 | real_level as u64 & 0xffff)
    }

    fn real_frame(&self, id: FrameId) -> Result<Rc<kdive_unwind::Frame>, ValueError> {
        let gone = || ValueError::other("the frame of this value is gone");
        if id.0 >> 16 != self.frames.borrow().generation {
            // Values made since the last write refer to frames that are found again under the same number.
            return Err(gone());
        }
        self.real_frame_at((id.0 & 0xffff) as usize).ok_or_else(gone)
    }

    /// The unwinder's frame `level`.
    pub(crate) fn real_frame_at(&self, real_level: usize) -> Option<Rc<kdive_unwind::Frame>> {
        let mut level = real_level;
        loop {
            let frame = self.frame(level).ok()?;
            if frame.real.level == real_level {
                return Some(Rc::clone(&frame.real));
            }
            level += 1;
        }
    }

    /// The registers of the selected thread's CPU.
    #[must_use]
    pub fn registers(&self) -> Option<Rc<RegisterFile>> {
        self.machine.as_ref()?.registers().ok()
    }

    /// The registers as frame `level` (inlined calls counted) has them: what the unwinder knows over the CPU's.
    ///
    /// # Errors
    /// As [`Program::frame`].
    pub fn frame_registers(&self, level: usize) -> Result<RegisterFile, crate::Error> {
        let registers = self.registers().ok_or(crate::Error::NoRegisters)?;
        let mut file = (*registers).clone();
        let frame = self.frame(level)?;
        if frame.real.level == 0 {
            return Ok(file);
        }
        let arch = file.layout().arch();
        for index in 0..file.layout().registers().len() {
            let Some(number) =
                file.layout().registers().get(index).and_then(|register| arch.dwarf_number(&register.name))
            else {
                continue;
            };
            match frame.real.registers.read(number, self) {
                Ok(value) => file.set(index, value),
                Err(_) if known_slot(number) => file.set_unavailable(index),
                Err(_) => {}
            }
        }
        Ok(file)
    }

    /// Asks the stub for the registers it does not send with the others, of which processors other than x86 have many.
    pub fn fetch_rest(&self, file: &mut RegisterFile) {
        let Some(machine) = self.machine.as_ref().filter(|_| file.layout().arch().is_foreign()) else {
            return;
        };
        for index in 0..file.layout().registers().len() {
            if self.interrupt.is_raised() {
                return;
            }
            if file.availability(index) == Availability::NotFetched
                && let Ok(Some(bytes)) = machine.fetch_register(index)
                && file.set_raw(index, &bytes).is_err()
            {
                file.set_unavailable(index);
            }
        }
    }

    /// `$name` as a register of the selected frame.
    pub(crate) fn register_value(&self, name: &str) -> Option<Result<Value, ValueError>> {
        let Some(registers) = self.registers() else {
            // Which names are registers is known without a machine.
            let known = kdive_arch::RegisterLayout::for_g_length(self.arch(), QEMU_G_LENGTH).ok()?;
            known.lookup(name)?;
            return Some(Err(ValueError::other("No registers.")));
        };
        let layout = registers.layout();
        let reference = layout.lookup(name)?;
        let frame = match self.selected_frame() {
            Ok(frame) => frame,
            Err(error) => return Some(Err(ValueError::other(error.to_string()))),
        };
        let ty = register_type(&reference.ty);
        let id = self.value_frame(frame.real.level);
        Some(Ok(match reference.pieces.as_slice() {
            [piece] => Value::register(ty, id, RegisterId(piece.index as u32), piece.offset as u32),
            pieces => {
                let pieces = pieces
                    .iter()
                    .map(|piece| kdive_types::Piece {
                        bit_size: piece.size as u64 * 8,
                        bit_offset: piece.offset as u64 * 8,
                        source: kdive_types::PieceSource::Register(id, RegisterId(piece.index as u32)),
                    })
                    .collect();
                Value::pieces(ty, pieces)
            }
        }))
    }

    /// A value of type `ty` in the register DWARF numbers `number`, as a frame has it.
    pub(crate) fn dwarf_register_value(&self, ty: Type, real_level: usize, number: u16) -> Option<Value> {
        let registers = self.registers()?;
        let index = registers.layout().index_of_dwarf(number)?;
        Some(Value::register(ty, self.value_frame(real_level), RegisterId(index as u32), 0))
    }

    pub(crate) fn read_register_bytes(
        &self,
        frame: FrameId,
        register: RegisterId,
        offset: usize,
        buf: &mut [u8],
    ) -> Result<(), ValueError> {
        let machine =
            self.machine.as_ref().ok_or_else(|| ValueError::other("The program has no registers now."))?;
        let registers = machine.registers().map_err(ValueError::other)?;
        let index = register.0 as usize;
        let layout = registers.layout();
        let described = layout.registers().get(index).ok_or(ValueError::Unavailable)?;
        let real = self.real_frame(frame)?;
        let number = layout.arch().dwarf_number(&described.name).filter(|&number| known_slot(number));
        let bytes = match number {
            Some(number) if real.level > 0 => match real.registers.read(number, self) {
                Ok(value) => value.to_le_bytes().to_vec(),
                Err(RegisterError::Memory(fault)) => return Err(fault.into()),
                Err(RegisterError::NotSaved) => return Err(ValueError::NotSaved),
                Err(RegisterError::Unavailable) => return Err(ValueError::Unavailable),
            },
            _ => match registers.raw(index) {
                Some(bytes) => bytes.to_vec(),
                None => machine
                    .fetch_register(index)
                    .map_err(ValueError::other)?
                    .ok_or(ValueError::Unavailable)?,
            },
        };
        let part = offset.checked_add(buf.len()).and_then(|end| bytes.get(offset..end));
        buf.copy_from_slice(part.ok_or(ValueError::Unavailable)?);
        Ok(())
    }

    pub(crate) fn write_register_bytes(
        &self,
        frame: FrameId,
        register: RegisterId,
        offset: usize,
        bytes: &[u8],
    ) -> Result<(), ValueError> {
        let machine =
            self.machine.as_ref().ok_or_else(|| ValueError::other("The program has no registers now."))?;
        let registers = machine.registers().map_err(ValueError::other)?;
        let index = register.0 as usize;
        let described = registers.layout().registers().get(index).ok_or(ValueError::Unavailable)?;
        let real = self.real_frame(frame)?;
        let number = registers.layout().arch().dwarf_number(&described.name);
        if real.level > 0
            && let Some(number) = number.filter(|&number| known_slot(number))
        {
            match real.registers.location(number) {
                Location::Memory(addr) => {
                    machine.write(addr.offset(offset as u64), bytes)?;
                    self.forget_frames();
                    return Ok(());
                }
                Location::Register { number: holder, .. } => {
                    let index = registers.layout().index_of_dwarf(holder).ok_or(ValueError::Unavailable)?;
                    return self.write_cpu_register(&registers, index, offset, bytes);
                }
                _ => return Err(ValueError::NotLvalue),
            }
        }
        self.write_cpu_register(&registers, index, offset, bytes)
    }

    fn write_cpu_register(
        &self,
        registers: &RegisterFile,
        index: usize,
        offset: usize,
        bytes: &[u8],
    ) -> Result<(), ValueError> {
        let machine = self.machine.as_ref().ok_or(ValueError::Unavailable)?;
        let described = registers.layout().registers().get(index).ok_or(ValueError::Unavailable)?;
        let mut all = match registers.raw(index) {
            Some(old) => old.to_vec(),
            None => {
                machine.fetch_register(index).map_err(ValueError::other)?.ok_or(ValueError::Unavailable)?
            }
        };
        let part = offset.checked_add(bytes.len()).and_then(|end| all.get_mut(offset..end));
        part.ok_or(ValueError::Unavailable)?.copy_from_slice(bytes);
        let write = RawWrite { index, regnum: described.regnum, bytes: all };
        machine.write_register(&write).map_err(ValueError::other)?;
        self.forget_frames();
        Ok(())
    }
}

/// Bytes of QEMU's `g` reply for x86-64, the layout whose register names are known without a machine.
const QEMU_G_LENGTH: usize = 608;

/// Whether the unwinder keeps track of a register (by DWARF number).
fn known_slot(number: u16) -> bool {
    number <= 16
}

fn named(name: &str, byte_size: usize, kind: Kind) -> Type {
    Type::new(Node {
        name: Some(name.into()),
        byte_size: Some(byte_size as u64),
        align: None,
        big_endian: false,
        kind,
    })
}

fn address_bytes(bits: u16) -> u8 {
    u8::try_from(bits / 8).unwrap_or(u8::MAX)
}

/// The C type of a register's type.
pub(crate) fn register_type(ty: &RegType) -> Type {
    match ty {
        RegType::Int { bits, signed, name } => {
            let encoding = if *signed { Encoding::Signed } else { Encoding::Unsigned };
            Type::base(name, u64::from(*bits) / 8, encoding)
        }
        RegType::Bool => Type::base("bool", 1, Encoding::Bool),
        RegType::CodePtr(bits) => {
            let function =
                Function { ret: Type::void().into(), params: Vec::new(), variadic: false, prototyped: false };
            Type::derived(Kind::Function(function)).pointer_of_size(address_bytes(*bits))
        }
        RegType::DataPtr(bits) => Type::void().pointer_of_size(address_bytes(*bits)),
        RegType::Float(format) => {
            let size = if *format == FloatFormat::I387Ext { 10 } else { format.size() };
            Type::base(format.name(), size as u64, Encoding::Float)
        }
        RegType::Vector { name, element, count } => {
            let array =
                Array { elem: register_type(element).into(), count: Some(u64::from(*count)), vector: true };
            named(name, ty.size(), Kind::Array(array))
        }
        RegType::Union { name, fields } => {
            let members = fields
                .iter()
                .map(|field| Member {
                    name: Some(field.name.as_str().into()),
                    ty: register_type(&field.ty).into(),
                    bit_offset: 0,
                    bit_size: None,
                })
                .collect();
            named(name, ty.size(), Kind::Composite(Composite::with_members(CompositeKind::Union, members)))
        }
        RegType::Struct { name, size, fields } => {
            let mut next = 0;
            let members = fields
                .iter()
                .map(|field| {
                    let (bit_offset, bit_size) = match field.bits {
                        Some((first, last)) => {
                            (u64::from(first), Some(u32::from(last.saturating_sub(first)) + 1))
                        }
                        None => (next, None),
                    };
                    next = bit_offset + field.ty.size() as u64 * 8;
                    Member {
                        name: Some(field.name.as_str().into()),
                        ty: register_type(&field.ty).into(),
                        bit_offset,
                        bit_size,
                    }
                })
                .collect();
            named(name, *size, Kind::Composite(Composite::with_members(CompositeKind::Struct, members)))
        }
        RegType::Flags { name, size, fields } => {
            let fields = fields
                .iter()
                .map(|field| FlagField {
                    name: field.name.as_str().into(),
                    start: field.start,
                    size: field.end.saturating_sub(field.start) + 1,
                    ty: register_type(&field.ty).into(),
                })
                .collect();
            named(name, *size, Kind::Flags(fields))
        }
        RegType::Enum { name, size, values } => {
            let enumerators = values
                .iter()
                .map(|value| Enumerator { name: value.name.as_str().into(), value: value.value as i64 })
                .collect();
            named(name, *size, Kind::Enum(Enum { enumerators, unsigned: true, declaration: false }))
        }
    }
}

/// An address as the value of a pointer to code.
#[must_use]
pub fn code_pointer(addr: VirtAddr) -> Value {
    Value::from_bytes(register_type(&RegType::CodePtr(64)), addr.0.to_le_bytes().to_vec())
}
