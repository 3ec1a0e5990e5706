//! Addresses as text, with the symbol they are in.

use kdive_base::VirtAddr;
use kdive_program::Program;

/// As gdb prints a pointer: `0xffff...`, and after it `<name+offset>` where it lies in a symbol.
pub fn pointer(program: &Program, addr: VirtAddr) -> String {
    match program.modules.signed_symbolic(addr, false) {
        Some((name, 0)) => format!("{addr:#x} <{name}>"),
        Some((name, offset)) => format!("{addr:#x} <{name}{offset:+}>"),
        None => format!("{addr:#x}"),
    }
}

/// The name of the symbol at an address, with the offset into it and, as the kernel's `%ps`, the module it is of; the address
/// in hexadecimal where there is none.
pub fn name_or_address(program: &Program, addr: VirtAddr) -> String {
    let module = module_of(program, addr).map_or_else(String::new, |module| format!(" [{module}]"));
    match program.modules.signed_symbolic(addr, false) {
        Some((name, 0)) => format!("{name}{module}"),
        Some((name, offset)) => format!("{name}{offset:+}{module}"),
        None => format!("{addr:#x}"),
    }
}

/// The name of the module an address is in; `None` in the kernel itself and outside of everything.
pub fn module_of(program: &Program, addr: VirtAddr) -> Option<String> {
    let (module, _) = program.modules.module_at(addr)?;
    if program.modules.modules().first().map(|main| main.id()) == Some(module.id()) {
        return None;
    }
    let file = module.object().path().file_name()?.to_string_lossy().into_owned();
    Some(file.split('.').next()?.replace('-', "_"))
}
