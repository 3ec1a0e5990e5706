//! A call of one of the functions, and what its arguments stand for.

use super::failed;
use kdive_base::VirtAddr;
use kdive_expr::{Context, Expr, ExprError, Result};
use kdive_program::Program;
use kdive_symbols::Tag;
use kdive_types::{Encoding, Kind, Place, Type, Value};

/// A call.
pub(super) struct Call<'a> {
    /// The function, without the dollar.
    pub(super) name: &'static str,
    pub(super) program: &'a Program,
    pub(super) context: &'a dyn Context,
    pub(super) args: &'a [Value],
}

/// Heads in one array.
const MAX_HEADS: u64 = 1 << 16;

impl Call<'_> {
    pub(super) fn arg(&self, at: usize) -> Result<&Value> {
        self.args.get(at).ok_or_else(|| ExprError::msg(format!("${} takes more arguments.", self.name)))
    }

    /// A number or an address.
    pub(super) fn integer(&self, at: usize) -> Result<u64> {
        let value = self.arg(at)?;
        let ty = value.ty().strip();
        if !ty.is_integral() && !ty.is_pointer() {
            return Err(ExprError::msg("A number or an address is needed."));
        }
        let bytes = value.bytes(self.context)?;
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(bytes.iter()) {
            *to = *from;
        }
        let raw = u64::from_le_bytes(word);
        let shift = 64 - 8 * bytes.len().clamp(1, 8) as u32;
        // Small integers of C are mostly signed, as -1 and pid_t are.
        Ok(if ty.is_pointer() || !ty.is_signed() { raw } else { (((raw << shift) as i64) >> shift) as u64 })
    }

    /// A string, up to its NUL: an array of characters, or what a pointer to them points to.
    pub(super) fn text(&self, at: usize) -> Result<String> {
        let value = self.arg(at)?;
        if value.ty().strip().is_pointer() {
            let bytes =
                kdive_base::ReadMemory::read_c_string(self.program, VirtAddr(self.integer(at)?), 4096)?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        if !value.ty().strip().is_array() {
            return Err(ExprError::msg("A name is needed, as a string."));
        }
        let bytes = value.bytes(self.context)?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        Ok(String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned())
    }

    /// Where the structure is that an argument is, or that it points to. `names` are the structures it may be; a number and a
    /// pointer to anything else than a structure are taken at their word.
    pub(super) fn structure(&self, at: usize, names: &[&str]) -> Result<VirtAddr> {
        let value = self.arg(at)?;
        let ty = value.ty().strip();
        let pointed = ty.is_pointer().then(|| ty.target()).flatten();
        let meant = pointed.as_ref().unwrap_or(&ty).strip();
        if meant.is_composite() && !meant.name().is_some_and(|name| names.contains(&name)) {
            return Err(ExprError::msg(format!(
                "${} takes a struct {}, not {}.",
                self.name,
                names.join(" or a struct "),
                meant.declaration("")
            )));
        }
        if ty.is_pointer() || ty.is_integral() {
            return Ok(VirtAddr(self.integer(at)?));
        }
        let missing = || ExprError::msg(format!("${} takes something that is in memory.", self.name));
        value.address().ok_or_else(missing)
    }

    /// The same for heads of containers, of which there may be an array.
    pub(super) fn heads(&self, at: usize, names: &[&str]) -> Result<Vec<VirtAddr>> {
        let value = self.arg(at)?;
        let ty = value.ty().strip();
        let Kind::Array(array) = ty.kind() else { return Ok(vec![self.structure(at, names)?]) };
        let elem = self.program.modules.complete(&array.elem.get());
        let size = elem.size().unwrap_or(0);
        if !elem.strip().name().is_some_and(|name| names.contains(&name)) || size == 0 {
            return Err(ExprError::msg(format!(
                "${} takes a struct {}, not {}.",
                self.name,
                names.join(" or a struct "),
                ty.declaration("")
            )));
        }
        let missing = || ExprError::msg(format!("${} takes something that is in memory.", self.name));
        let start = value.address().ok_or_else(missing)?;
        Ok((0..array.count.unwrap_or(0).min(MAX_HEADS)).map(|index| start.offset(index * size)).collect())
    }

    /// The type an argument names.
    pub(super) fn type_at(&self, at: usize) -> Result<Type> {
        let value = self.arg(at)?;
        // A type arrives as a value of it at address 0 that is not read.
        if let Place::Memory(VirtAddr(0)) = value.place() {
            return Ok(value.ty().clone());
        }
        if !value.ty().strip().is_array() {
            return Err(ExprError::msg(format!(
                "${} takes a type here, such as struct task_struct.",
                self.name
            )));
        }
        let text = self.text(at)?;
        let expr = Expr::parse(&text, self.program)?;
        if !expr.is_type() {
            return Err(ExprError::msg(format!("\"{text}\" is no type.")));
        }
        expr.type_of(self.program)
    }

    /// Offset in bytes of a member that an argument names.
    pub(super) fn offset_in(&self, ty: &Type, at: usize) -> Result<u64> {
        let path = self.text(at)?;
        offset_of(self.program, ty, &path)
    }

    /// A structure of the kernel.
    pub(super) fn kernel_type(&self, name: &str) -> Result<Type> {
        let ty = self.program.modules.ty(Tag::Struct, name, None);
        ty.ok_or_else(|| failed(crate::Error::NoType(format!("struct {name}"))))
    }

    /// `*(struct NAME *)addr`, not read yet.
    pub(super) fn object(&self, name: &str, addr: VirtAddr) -> Result<Value> {
        Ok(Value::at(self.kernel_type(name)?, addr))
    }

    /// `(struct NAME *)addr`.
    pub(super) fn pointer(&self, name: &str, addr: VirtAddr) -> Result<Value> {
        Ok(pointer(&self.kernel_type(name)?, addr))
    }
}

/// A pointer to something of a type.
pub(super) fn pointer(ty: &Type, addr: VirtAddr) -> Value {
    Value::from_bytes(ty.pointer_to(), addr.0.to_le_bytes().to_vec())
}

/// `void`.
pub(super) fn void() -> Type {
    Type::void()
}

/// An `int`.
pub(super) fn int(number: u64) -> Value {
    let ty = Type::base("int", 4, Encoding::Signed);
    Value::from_bytes(ty, u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes().to_vec())
}

/// Offset in bytes of `a.b[2].c` in a type.
pub(super) fn offset_of(program: &Program, ty: &Type, path: &str) -> Result<u64> {
    let mut offset = 0u64;
    let mut at = program.modules.complete(&ty.strip());
    for part in path.split('.') {
        let (name, indices) = part.split_once('[').map_or((part, None), |(name, rest)| (name, Some(rest)));
        let missing =
            || ExprError::msg(format!("{} has no member named {}.", at.strip().declaration(""), name.trim()));
        let (bits, member) = at
            .strip()
            .member(name.trim())
            .map(|(bits, member)| (bits, member.ty.get()))
            .ok_or_else(missing)?;
        offset = offset.wrapping_add(bits / 8);
        at = program.modules.complete(&member);
        for index in indices.into_iter().flat_map(|indices| indices.split('[')) {
            let index = index.trim_end().strip_suffix(']').unwrap_or(index);
            let number = program.evaluate_address(index.trim())?.0;
            let elem = at.strip().target().filter(|_| at.strip().is_array());
            let elem = elem.ok_or_else(|| ExprError::msg(format!("{part} is no element of an array.")))?;
            at = program.modules.complete(&elem);
            offset = offset.wrapping_add(number.wrapping_mul(at.size().unwrap_or(0)));
        }
    }
    Ok(offset)
}
