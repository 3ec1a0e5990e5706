//! Members looked up once and read from many objects of one type.

use crate::{Error, Object};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;

/// Where a scalar member is in objects of its struct.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Field {
    /// Bytes from the start of the struct.
    pub(crate) offset: u64,
    /// Size in bytes.
    pub(crate) size: usize,
    /// Position and width in bits of a bit-field within its bytes.
    bits: Option<(u32, u32)>,
}

impl Field {
    /// The member `path` (`a.b.c`) of a struct.
    pub(crate) fn new(of: &Object<'_>, path: &str) -> Result<Self, Error> {
        let (parent, name) = match path.rsplit_once('.') {
            Some((parent, name)) => (of.member(parent)?, name),
            None => (of.clone(), path),
        };
        let ty = parent.ty().strip();
        let missing = || Error::NoMember { ty: ty.declaration(""), member: name.to_owned() };
        let (bit_offset, member) = ty.member(name).ok_or_else(missing)?;
        let start = parent.addr().0.wrapping_sub(of.addr().0);
        if let Some(width) = member.bit_size {
            let shift = (bit_offset % 8) as u32;
            let size = (shift + width).div_ceil(8) as usize;
            return Ok(Self {
                offset: start + bit_offset / 8,
                size: size.min(8),
                bits: Some((shift, width)),
            });
        }
        let size = parent.member(name)?.ty().size().and_then(|size| usize::try_from(size).ok());
        Ok(Self { offset: start + bit_offset / 8, size: size.unwrap_or(8), bits: None })
    }

    /// The first of several names the struct has: members are renamed from release to release.
    pub(crate) fn any(of: &Object<'_>, paths: &[&str]) -> Result<Self, Error> {
        let mut last = Err(Error::NoType(String::new()));
        for path in paths {
            last = Self::new(of, path);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    /// The member of the object at `base` as an unsigned integer.
    pub(crate) fn read(&self, program: &Program, base: VirtAddr) -> Result<u64, Error> {
        let value = program.read_uint(base.offset(self.offset), self.size)?;
        Ok(match self.bits {
            Some((shift, width)) if width < 64 => value >> shift & ((1 << width) - 1),
            _ => value,
        })
    }

    /// The member of an object of the type it was looked up in.
    pub(crate) fn read_of(&self, of: &Object<'_>) -> Result<u64, Error> {
        self.read(of.program(), of.addr())
    }

    /// The member in a copy of the object, `start` bytes of which are left out.
    pub(crate) fn get(&self, bytes: &[u8], start: u64) -> u64 {
        let at = usize::try_from(self.offset.wrapping_sub(start)).unwrap_or(usize::MAX);
        let mut word = [0; 8];
        if let (Some(from), Some(to)) =
            (at.checked_add(self.size).and_then(|end| bytes.get(at..end)), word.get_mut(..self.size))
        {
            to.copy_from_slice(from);
        }
        let value = u64::from_le_bytes(word);
        match self.bits {
            Some((shift, width)) if width < 64 => value >> shift & ((1 << width) - 1),
            _ => value,
        }
    }

    /// The member in such a copy as a `char` array up to its NUL.
    pub(crate) fn get_text(&self, bytes: &[u8], start: u64) -> String {
        let at = usize::try_from(self.offset.wrapping_sub(start)).unwrap_or(usize::MAX);
        let text = at.checked_add(self.size).and_then(|end| bytes.get(at..end)).unwrap_or_default();
        let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        String::from_utf8_lossy(text.get(..end).unwrap_or_default()).into_owned()
    }

    /// The same as a pointer.
    pub(crate) fn pointer(&self, program: &Program, base: VirtAddr) -> Result<VirtAddr, Error> {
        self.read(program, base).map(VirtAddr)
    }
}
