//! A C object in guest memory: a type, an address, and ways to its members.

use crate::Error;
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_symbols::Tag;
use kdive_types::Type;

/// An object of a known type at an address. Nothing is read before a value is asked for.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    program: &'a Program,
    ty: Type,
    addr: VirtAddr,
}

impl<'a> Object<'a> {
    /// An object of `struct NAME` at an address.
    ///
    /// # Errors
    /// [`Error::NoType`].
    pub fn of_struct(program: &'a Program, name: &str, addr: VirtAddr) -> Result<Self, Error> {
        let ty = program
            .modules
            .ty(Tag::Struct, name, None)
            .ok_or_else(|| Error::NoType(format!("struct {name}")))?;
        Ok(Self { program, ty, addr })
    }

    /// The kernel's global or static variable `name`. Modules are not searched: there are many, and most questions about a
    /// name the kernel does not have would be put to each.
    ///
    /// # Errors
    /// [`Error::NoSymbol`]; [`Error::NotInKernel`] where a kernel is loaded.
    pub fn variable(program: &'a Program, name: &str) -> Result<Self, Error> {
        // Who has a kernel loaded is not helped by loading it.
        let missing = || match program.modules.symbols_named("linux_banner").is_empty() {
            true => Error::NoSymbol(name.to_owned()),
            false => Error::NotInKernel(name.to_owned()),
        };
        let Some(variable) = program.modules.main_variable(name) else {
            // Without DWARF there may be types all the same.
            let symbols = program.modules.symbols_named(name);
            let symbol = symbols.first().ok_or_else(missing)?;
            let ty = crate::known::type_of(program, name, symbol.size)
                .ok_or_else(|| Error::NoType(format!("variable {name}")))?;
            return Ok(Self { program, ty, addr: symbol.addr });
        };
        let addr = variable.static_address().ok_or_else(missing)?;
        let ty = program.modules.complete(&variable.ty());
        Ok(Self { program, ty, addr })
    }

    /// The program it is read from.
    pub(crate) fn program(&self) -> &'a Program {
        self.program
    }

    /// Its address.
    #[must_use]
    pub fn addr(&self) -> VirtAddr {
        self.addr
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Whether the type has a member of this name, anonymous structs and unions looked through.
    #[must_use]
    pub fn has(&self, member: &str) -> bool {
        self.ty.strip().member(member).is_some()
    }

    /// A member; `a.b.c` goes through members of members.
    ///
    /// # Errors
    /// [`Error::NoMember`].
    pub fn member(&self, path: &str) -> Result<Self, Error> {
        let mut object = self.clone();
        for name in path.split('.') {
            let ty = object.ty.strip();
            let (bit_offset, member) = ty
                .member(name)
                .ok_or_else(|| Error::NoMember { ty: ty.declaration(""), member: name.to_owned() })?;
            object = Self {
                program: self.program,
                ty: self.program.modules.complete(&member.ty.get()),
                addr: object.addr.offset(bit_offset / 8),
            };
        }
        Ok(object)
    }

    /// Offset in bytes of a member.
    ///
    /// # Errors
    /// [`Error::NoMember`].
    pub fn offset_of(&self, path: &str) -> Result<u64, Error> {
        Ok(self.member(path)?.addr.0.wrapping_sub(self.addr.0))
    }

    /// Element `index` of an array, or of what a pointer points to.
    ///
    /// # Errors
    /// Memory; [`Error::NoType`] for what is neither.
    pub fn index(&self, index: u64) -> Result<Self, Error> {
        let ty = self.ty.strip();
        let base = if ty.is_pointer() { self.pointer()? } else { self.addr };
        let elem = ty.target().ok_or_else(|| Error::NoType(ty.declaration("")))?;
        let elem = self.program.modules.complete(&elem);
        let size = elem.size().ok_or_else(|| Error::NoType(elem.declaration("")))?;
        Ok(Self { program: self.program, ty: elem, addr: base.offset(index.wrapping_mul(size)) })
    }

    /// The object a pointer points to.
    ///
    /// # Errors
    /// As [`Object::index`].
    pub fn deref(&self) -> Result<Self, Error> {
        self.index(0)
    }

    /// The object read as an unsigned integer of its size (at most 8 bytes).
    ///
    /// # Errors
    /// Memory.
    pub fn uint(&self) -> Result<u64, Error> {
        let size = self.ty.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(8);
        Ok(self.program.read_uint(self.addr, size.clamp(1, 8))?)
    }

    /// The object read as a signed integer of its size.
    ///
    /// # Errors
    /// Memory.
    pub fn int(&self) -> Result<i64, Error> {
        let size = self.ty.size().unwrap_or(8).clamp(1, 8);
        let shift = 64 - 8 * size as u32;
        Ok(((self.uint()? << shift) as i64) >> shift)
    }

    /// The address a pointer holds.
    ///
    /// # Errors
    /// Memory.
    pub fn pointer(&self) -> Result<VirtAddr, Error> {
        Ok(VirtAddr(self.program.read_uint(self.addr, 8)?))
    }

    /// A `char` array up to its NUL, or the string a `char *` points to, `limit` bytes at most. Bytes that are not
    /// UTF-8 are replaced.
    ///
    /// # Errors
    /// Memory.
    pub fn string(&self, limit: usize) -> Result<String, Error> {
        let ty = self.ty.strip();
        let (addr, limit) = if ty.is_pointer() {
            (self.pointer()?, limit)
        } else {
            let size = ty.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(limit);
            (self.addr, size.min(limit))
        };
        let bytes = self.program.read_c_string(addr, limit)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
