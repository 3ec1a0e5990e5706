//! The text of `info registers`, as gdb 13 prints it.

use crate::{ArchError, Group, RegRef, RegType, RegisterFile};
use kdive_base::VirtAddr;

/// Answers `symbol+offset` (without angle brackets) for an address, for the rows of pointer registers.
pub type Symbolizer<'a> = &'a dyn Fn(VirtAddr) -> Option<String>;

/// One row of `info registers` without the final newline: name padded to column 15, hexadecimal padded to column 35,
/// then the value as its type prints.
#[must_use]
pub fn row(file: &RegisterFile, reg: &RegRef, symbolize: Symbolizer<'_>) -> String {
    let _ = (file, reg, symbolize);
    String::new()
}

/// The rows of `info registers GROUP`; a bare `info registers` is [`Group::General`], `info all-registers` is
/// [`Group::All`].
#[must_use]
pub fn group(file: &RegisterFile, group: Group, symbolize: Symbolizer<'_>) -> Vec<String> {
    file.layout().group(group).iter().map(|reg| row(file, reg, symbolize)).collect()
}

/// The rows for one argument of `info registers`: a register name with or without `$`, or a group.
///
/// # Errors
/// [`ArchError::NoSuchRegister`] in gdb's words.
pub fn named(file: &RegisterFile, name: &str, symbolize: Symbolizer<'_>) -> Result<Vec<String>, ArchError> {
    let bare = name.strip_prefix('$').unwrap_or(name);
    if let Some(reg) = file.layout().lookup(bare) {
        return Ok(vec![row(file, &reg, symbolize)]);
    }
    match Group::from_name(bare) {
        Some(found) => Ok(group(file, found, symbolize)),
        None => Err(ArchError::NoSuchRegister(bare.to_owned())),
    }
}

/// The value alone in natural format: `[ PF ZF IF ]`, `-1`, `0xffffffff81000000 <startup_64>`, `{v4_float = ...}`.
///
/// `bytes` are those of [`RegisterFile::read`].
#[must_use]
pub fn natural(ty: &RegType, bytes: &[u8], symbolize: Symbolizer<'_>) -> String {
    let _ = (ty, bytes, symbolize);
    String::new()
}

/// The definition `ptype $REG` prints after `type = ` (several lines for flags and unions).
#[must_use]
pub fn ptype(ty: &RegType) -> String {
    ty.name()
}
