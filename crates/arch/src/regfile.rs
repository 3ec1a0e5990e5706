//! The values of one thread's registers, each known, known to be unavailable, or not asked for yet.

use crate::{ArchError, RegRef, RegisterLayout};
use kdive_base::VirtAddr;
use std::sync::Arc;

/// What is known about one register's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Availability {
    /// The bytes are there.
    Known,
    /// The stub answered `xx`: it has the register, but no value for it.
    Unavailable,
    /// Not in the `g` reply; `p` may get it.
    NotFetched,
}

/// One register to send with `P` so that a write takes effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawWrite {
    /// Index in the layout.
    pub index: usize,
    /// The stub's register number.
    pub regnum: u32,
    /// All bytes of the register, in target order.
    pub bytes: Vec<u8>,
}

/// Register values of one thread or one frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterFile {
    layout: Arc<RegisterLayout>,
    bytes: Vec<u8>,
    state: Vec<Availability>,
}

impl RegisterFile {
    /// A file in which nothing is known yet.
    #[must_use]
    pub fn new(layout: Arc<RegisterLayout>) -> Self {
        let bytes = vec![0; layout.g_length()];
        let state = vec![Availability::NotFetched; layout.registers().len()];
        Self { layout, bytes, state }
    }

    /// Decodes a `g` reply; `None` bytes are those the stub sent as `xx`. A register with one such byte is unavailable
    /// as a whole, as in gdb. A short reply leaves the registers after its end [`Availability::NotFetched`], bytes
    /// beyond the layout are ignored: use [`RegisterLayout::for_g_length`] first when the length is not the layout's.
    #[must_use]
    pub fn from_g(layout: Arc<RegisterLayout>, reply: &[Option<u8>]) -> Self {
        let mut file = Self::new(layout);
        let layout = Arc::clone(&file.layout);
        let mut known = Vec::new();
        for (index, reg) in layout.registers().iter().enumerate() {
            let Some(bytes) = reply.get(reg.offset..reg.offset.saturating_add(reg.size())) else { continue };
            known.clear();
            known.extend(bytes.iter().flatten());
            if known.len() == bytes.len() {
                file.store(index, &known);
            } else {
                file.set_unavailable(index);
            }
        }
        file
    }

    /// As [`RegisterFile::from_g`] for a reply without unavailable bytes.
    #[must_use]
    pub fn from_bytes(layout: Arc<RegisterLayout>, reply: &[u8]) -> Self {
        let bytes: Vec<Option<u8>> = reply.iter().copied().map(Some).collect();
        Self::from_g(layout, &bytes)
    }

    /// The layout the file follows.
    #[must_use]
    pub fn layout(&self) -> &Arc<RegisterLayout> {
        &self.layout
    }

    /// What is known about the register at `index`; out of range counts as unavailable.
    #[must_use]
    pub fn availability(&self, index: usize) -> Availability {
        self.state.get(index).copied().unwrap_or(Availability::Unavailable)
    }

    /// The bytes of the register at `index` in target order, when they are known.
    #[must_use]
    pub fn raw(&self, index: usize) -> Option<&[u8]> {
        if self.availability(index) != Availability::Known {
            return None;
        }
        let reg = self.layout.registers().get(index)?;
        self.bytes.get(reg.offset..reg.offset.checked_add(reg.size())?)
    }

    /// Sets the bytes of the register at `index`, as from a `p` reply or an unwinder.
    ///
    /// # Errors
    /// [`ArchError::WrongSize`] when `bytes` is not as long as the register.
    pub fn set_raw(&mut self, index: usize, bytes: &[u8]) -> Result<(), ArchError> {
        let reg = self.layout.registers().get(index).ok_or(ArchError::Unavailable)?;
        if bytes.len() != reg.size() {
            return Err(ArchError::WrongSize {
                name: reg.name.clone(),
                expected: reg.size(),
                given: bytes.len(),
            });
        }
        self.store(index, bytes);
        Ok(())
    }

    /// Forgets the value of the register at `index`.
    pub fn set_unavailable(&mut self, index: usize) {
        if let Some(state) = self.state.get_mut(index) {
            *state = Availability::Unavailable;
        }
    }

    /// The value of the register at `index` as an unsigned integer; `None` when unknown or wider than 8 bytes.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<u64> {
        uint(self.raw(index)?)
    }

    /// Sets the register at `index` to the low bytes of `value`, zero-extended for registers wider than 8 bytes.
    pub fn set(&mut self, index: usize, value: u64) {
        let Some(reg) = self.layout.registers().get(index) else { return };
        let mut bytes = value.to_le_bytes().to_vec();
        bytes.resize(reg.size(), 0);
        self.store(index, &bytes);
    }

    /// The value of the register called `name`, pseudo and role registers included.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<u64> {
        match self.layout.index_of(name) {
            Some(index) => self.get(index),
            None => uint(&self.read(&self.layout.lookup(name)?).ok()?),
        }
    }

    /// Sets the register called `name`; answers whether there is one of that name in the layout.
    pub fn set_by_name(&mut self, name: &str, value: u64) -> bool {
        let index = self.layout.index_of(name);
        if let Some(index) = index {
            self.set(index, value);
        }
        index.is_some()
    }

    /// The value of the register with this number in the stub's numbering.
    #[must_use]
    pub fn by_regnum(&self, regnum: u32) -> Option<u64> {
        self.get(self.layout.index_of_regnum(regnum)?)
    }

    /// The value of the register with this number in DWARF's numbering.
    #[must_use]
    pub fn by_dwarf(&self, number: u16) -> Option<u64> {
        self.get(self.layout.index_of_dwarf(number)?)
    }

    /// Sets the register with this number in DWARF's numbering; answers whether there is one in the layout.
    pub fn set_by_dwarf(&mut self, number: u16, value: u64) -> bool {
        let index = self.layout.index_of_dwarf(number);
        if let Some(index) = index {
            self.set(index, value);
        }
        index.is_some()
    }

    /// The program counter as the register holds it (in real mode the offset in cs; see [`crate::CpuState`]).
    #[must_use]
    pub fn pc(&self) -> Option<VirtAddr> {
        self.by_name(self.layout.arch().pc_name()).map(VirtAddr)
    }

    /// The stack pointer.
    #[must_use]
    pub fn sp(&self) -> Option<VirtAddr> {
        self.by_name(self.layout.arch().sp_name()).map(VirtAddr)
    }

    /// The bytes of any register the user can name, least significant first.
    ///
    /// # Errors
    /// [`ArchError::Unavailable`] when one of the bytes is not known.
    pub fn read(&self, reg: &RegRef) -> Result<Vec<u8>, ArchError> {
        let mut value = Vec::with_capacity(reg.size());
        for piece in &reg.pieces {
            let bytes = self.raw(piece.index).ok_or(ArchError::Unavailable)?;
            let end = piece.offset.saturating_add(piece.size);
            value.extend_from_slice(bytes.get(piece.offset..end).ok_or(ArchError::Unavailable)?);
        }
        Ok(value)
    }

    /// Writes any register the user can name. Like gdb, and unlike the CPU, writing a part (`$eax`) leaves the other
    /// bytes of the whole register as they are.
    ///
    /// Returns the registers that changed, for the target to send.
    ///
    /// # Errors
    /// [`ArchError::WrongSize`], or [`ArchError::Unavailable`] when the rest of the register is not known; nothing is
    /// changed then.
    pub fn write(&mut self, reg: &RegRef, value: &[u8]) -> Result<Vec<RawWrite>, ArchError> {
        if value.len() != reg.size() {
            return Err(ArchError::WrongSize {
                name: reg.name.clone(),
                expected: reg.size(),
                given: value.len(),
            });
        }
        let mut writes = Vec::with_capacity(reg.pieces.len());
        let mut rest = value;
        for piece in &reg.pieces {
            let raw = self.layout.registers().get(piece.index).ok_or(ArchError::Unavailable)?;
            let mut bytes = match self.raw(piece.index) {
                Some(bytes) => bytes.to_vec(),
                None if piece.size == raw.size() => vec![0; raw.size()],
                None => return Err(ArchError::Unavailable),
            };
            let (part, tail) = rest.split_at_checked(piece.size).ok_or(ArchError::Unavailable)?;
            rest = tail;
            bytes
                .get_mut(piece.offset..piece.offset.saturating_add(piece.size))
                .ok_or(ArchError::Unavailable)?
                .copy_from_slice(part);
            writes.push(RawWrite { index: piece.index, regnum: raw.regnum, bytes });
        }
        for write in &writes {
            self.store(write.index, &write.bytes);
        }
        Ok(writes)
    }

    fn store(&mut self, index: usize, value: &[u8]) {
        let Some(reg) = self.layout.registers().get(index) else { return };
        let slot = self.bytes.get_mut(reg.offset..reg.offset.saturating_add(reg.size()));
        if let (Some(slot), Some(value), Some(state)) =
            (slot, value.get(..reg.size()), self.state.get_mut(index))
        {
            slot.copy_from_slice(value);
            *state = Availability::Known;
        }
    }
}

/// A little-endian unsigned integer of up to 8 bytes.
pub(crate) fn uint(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 8 {
        return None;
    }
    let mut value = [0u8; 8];
    value.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(value))
}
