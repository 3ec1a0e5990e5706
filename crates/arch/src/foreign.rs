//! Processors that kdive only knows by name: their registers are those of the stub's description, their code is disassembled
//! by capstone, and neither frames nor run control beyond the stub's own are known.

/// A processor family other than x86.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Foreign {
    /// 64-bit Arm.
    Aarch64,
    /// 32-bit Arm.
    Arm,
    /// 32-bit RISC-V.
    Riscv32,
    /// 64-bit RISC-V.
    Riscv64,
    /// 32-bit PowerPC.
    Powerpc,
    /// 64-bit PowerPC.
    Powerpc64,
    /// Any other, by its ELF `e_machine`; 0 where only a stub named it.
    Other(u16),
}

/// What differs between them.
struct Facts {
    name: &'static str,
    bfd_name: &'static str,
    address_size: u8,
    max_insn_len: usize,
    sp: &'static str,
    fp: &'static str,
    ps: &'static str,
}

const fn facts(
    name: &'static str,
    bfd_name: &'static str,
    address_size: u8,
    sp: &'static str,
    fp: &'static str,
    ps: &'static str,
) -> Facts {
    Facts { name, bfd_name, address_size, max_insn_len: 4, sp, fp, ps }
}

impl Foreign {
    const fn facts(self) -> Facts {
        match self {
            Self::Aarch64 => facts("AArch64", "aarch64", 8, "sp", "x29", "cpsr"),
            Self::Arm => facts("Arm", "arm", 4, "sp", "r11", "cpsr"),
            Self::Riscv32 => facts("32-bit RISC-V", "riscv:rv32", 4, "sp", "fp", "mstatus"),
            Self::Riscv64 => facts("64-bit RISC-V", "riscv:rv64", 8, "sp", "fp", "mstatus"),
            Self::Powerpc => facts("PowerPC", "powerpc:common", 4, "r1", "r31", "msr"),
            Self::Powerpc64 => facts("64-bit PowerPC", "powerpc:common64", 8, "r1", "r31", "msr"),
            Self::Other(_) => facts("another processor", "unknown", 8, "sp", "fp", "ps"),
        }
    }
}

impl Foreign {
    /// The family an `<architecture>` element names.
    #[must_use]
    pub fn from_bfd_name(name: &str) -> Option<Self> {
        Some(match name {
            "aarch64" | "aarch64:ilp32" => Self::Aarch64,
            "riscv:rv32" => Self::Riscv32,
            "riscv" | "riscv:rv64" => Self::Riscv64,
            "powerpc:common" => Self::Powerpc,
            "powerpc:common64" => Self::Powerpc64,
            _ if name == "arm" || name.starts_with("armv") || name.starts_with("arm_") => Self::Arm,
            _ => return None,
        })
    }

    /// The family of an ELF `e_machine` (`EM_AARCH64` 183, `EM_ARM` 40, `EM_RISCV` 243, `EM_PPC` 20, `EM_PPC64` 21) in a file
    /// of this class.
    #[must_use]
    pub const fn from_elf(machine: u16, is_64: bool) -> Self {
        match (machine, is_64) {
            (183, _) => Self::Aarch64,
            (40, _) => Self::Arm,
            (243, false) => Self::Riscv32,
            (243, true) => Self::Riscv64,
            (20, _) => Self::Powerpc,
            (21, _) => Self::Powerpc64,
            _ => Self::Other(machine),
        }
    }

    /// The name for messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    pub(crate) const fn bfd_name(self) -> &'static str {
        self.facts().bfd_name
    }

    pub(crate) const fn address_size(self) -> u8 {
        self.facts().address_size
    }

    pub(crate) const fn max_insn_len(self) -> usize {
        self.facts().max_insn_len
    }

    pub(crate) const fn sp_name(self) -> &'static str {
        self.facts().sp
    }

    pub(crate) const fn fp_name(self) -> &'static str {
        self.facts().fp
    }

    pub(crate) const fn flags_name(self) -> &'static str {
        self.facts().ps
    }

    /// The breakpoint instruction (`brk #0`, `ebreak`, `trap`); empty where none is known.
    pub(crate) const fn breakpoint_insn(self) -> &'static [u8] {
        match self {
            Self::Aarch64 => &[0x00, 0x00, 0x20, 0xd4],
            Self::Arm => &[0xf0, 0x01, 0xf0, 0xe7],
            Self::Riscv32 | Self::Riscv64 => &[0x73, 0x00, 0x10, 0x00],
            Self::Powerpc | Self::Powerpc64 => &[0x7f, 0xe0, 0x00, 0x08],
            Self::Other(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arch;

    #[test]
    fn families_are_known_by_their_names_and_numbers() {
        for (name, machine, is_64, family) in [
            ("aarch64", 183, true, Foreign::Aarch64),
            ("arm", 40, false, Foreign::Arm),
            ("riscv:rv32", 243, false, Foreign::Riscv32),
            ("riscv:rv64", 243, true, Foreign::Riscv64),
            ("powerpc:common64", 21, true, Foreign::Powerpc64),
        ] {
            assert_eq!(
                (Foreign::from_bfd_name(name), Foreign::from_elf(machine, is_64)),
                (Some(family), family)
            );
            assert_eq!(Arch::from_bfd_name(name), Some(Arch::Foreign(family)));
            assert_eq!(Arch::Foreign(family).bfd_name(), name);
            assert_eq!(Arch::Foreign(family).address_size(), if is_64 { 8 } else { 4 });
        }
        assert_eq!(Arch::from_elf(62, true), Arch::X86_64);
        assert_eq!(Arch::from_elf(3, false), Arch::I386);
        // Nothing is known of a VAX, not even how its code looks.
        assert_eq!(Arch::from_elf(75, false), Arch::Foreign(Foreign::Other(75)));
    }
}
