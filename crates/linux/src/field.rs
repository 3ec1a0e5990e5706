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

    /// The same as a pointer.
    pub(crate) fn pointer(&self, program: &Program, base: VirtAddr) -> Result<VirtAddr, Error> {
        self.read(program, base).map(VirtAddr)
    }

    /// The member as a `char` array up to its NUL.
    pub(crate) fn text(&self, program: &Program, base: VirtAddr) -> Result<String, Error> {
        let bytes = program.read_c_string(base.offset(self.offset), self.size.min(4096))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
