//! Per-CPU variables in expressions: which copy a name stands for.
//!
//! The linker collects them in the section `.data..percpu` (include/asm-generic/vmlinux.lds.h); each CPU has a copy of it,
//! and the distance from a symbol to its copy is the same for all symbols. Which CPU is meant, and how far its copy is, the
//! operating system layer knows.

use crate::Program;
use crate::eval::Named;
use kdive_base::VirtAddr;
use kdive_expr::{Cpu, ExprError, Result, Symbol, SymbolClass};
use kdive_symbols::{ElfKind, Module};
use std::sync::Arc;

const PER_CPU_SECTION: &str = ".data..percpu";

impl Program {
    /// Whether the only name of an address is that of a per-CPU variable of a kernel that counts those from 0 (x86-64 until 6.15),
    /// and such names are not wanted: nothing is there, and NULL would be `<fixed_percpu_data>`.
    pub(crate) fn is_unnamed(&self, addr: VirtAddr) -> bool {
        !self.options.per_cpu_symbols
            && self.modules.module_at(addr).is_some_and(|(module, section)| {
                &*section.name == PER_CPU_SECTION
                    && section.addr.0 == 0
                    && module.object().kind() != ElfKind::Relocatable
            })
    }

    /// As [`kdive_expr::Context::per_cpu`].
    pub(crate) fn per_cpu_copy(&self, symbol: &Symbol, addr: VirtAddr, cpu: Cpu) -> Result<Option<VirtAddr>> {
        let number = match cpu {
            Cpu::Template => return Ok(None),
            Cpu::Number(number) => Some(number),
            // A file has no CPUs: the variable is what the file holds.
            Cpu::Selected if self.machine.is_none() || !self.options.per_cpu => return Ok(None),
            Cpu::Selected => None,
        };
        let Some(os) = self.os.as_ref().filter(|_| self.is_per_cpu_at(symbol, addr)) else { return Ok(None) };
        let (cpu, offset) = os.cpu(self, number).map_err(|reason| {
            ExprError::msg(format!("{} is a per-CPU variable, and {reason}", symbol.name))
        })?;
        if number.is_none() {
            let mut copies = self.copies.borrow_mut();
            if !copies.iter().any(|copy| copy.0 == symbol.name && copy.1 == cpu) {
                copies.push((Arc::clone(&symbol.name), cpu));
            }
        }
        Ok(Some(addr.offset(offset)))
    }

    /// As [`kdive_expr::Context::per_cpu_pointer`].
    pub(crate) fn per_cpu_target(&self, addr: VirtAddr, cpu: u64) -> Result<VirtAddr> {
        let os = self
            .os
            .as_ref()
            .ok_or_else(|| ExprError::msg("There is no kernel whose CPUs could be asked."))?;
        let (_, offset) =
            os.cpu(self, Some(cpu)).map_err(|reason| ExprError::msg(format!("No CPU {cpu}: {reason}")))?;
        Ok(addr.offset(offset))
    }

    /// As [`kdive_expr::Context::online_cpus`].
    pub(crate) fn cpus_online(&self) -> Result<Vec<u64>> {
        let os = self
            .os
            .as_ref()
            .ok_or_else(|| ExprError::msg("There is no kernel whose CPUs could be asked."))?;
        let cpus = os.online_cpus(self).map_err(ExprError::msg)?;
        if cpus.is_empty() {
            return Err(ExprError::msg("No CPU is online yet: name one with @cpu(N)."));
        }
        Ok(cpus)
    }

    /// Which copies of per-CPU variables were read since this was asked last, one line for the user:
    /// `[runqueues of CPU 1]`. Copies that were asked for by number are not among them.
    #[must_use]
    pub fn take_copies(&self) -> Option<String> {
        let copies = self.copies.take();
        let (_, cpu) = copies.first()?;
        let names: Vec<&str> = copies.iter().map(|(name, _)| &**name).collect();
        Some(format!("[{} of CPU {cpu}]", names.join(", ")))
    }

    /// The CPU whose copies were read since [`Program::take_copies`] was asked last.
    #[must_use]
    pub fn copies_of(&self) -> Option<u64> {
        self.copies.borrow().first().map(|(_, cpu)| *cpu)
    }

    /// As [`kdive_expr::Context::is_per_cpu`].
    pub(crate) fn is_per_cpu_symbol(&self, symbol: &Symbol) -> bool {
        let named = symbol.handle.as_ref().and_then(|handle| handle.downcast_ref::<Named>());
        let addr = match (&symbol.class, named) {
            (SymbolClass::Minimal(addr), _) => Some(*addr),
            (_, Some(named)) => named.variable.static_address(),
            _ => None,
        };
        addr.is_some_and(|addr| self.is_per_cpu_at(symbol, addr))
    }

    fn is_per_cpu_at(&self, symbol: &Symbol, addr: VirtAddr) -> bool {
        // The ends of the section are no variables.
        if matches!(&*symbol.name, "__per_cpu_start" | "__per_cpu_end" | "__per_cpu_load") {
            return false;
        }
        let named = symbol.handle.as_ref().and_then(|handle| handle.downcast_ref::<Named>());
        match named {
            Some(named) => self.has_per_cpu(named.variable.module(), addr),
            None => self.modules.modules().iter().any(|module| self.has_per_cpu(module, addr)),
        }
    }

    /// Whether an address lies in the per-CPU section of a file, at the place where the kernel has it.
    fn has_per_cpu(&self, module: &Module, addr: VirtAddr) -> bool {
        let Some(section) = module.object().section(PER_CPU_SECTION) else { return false };
        let start = module.to_virt(section.addr);
        let inside = addr.distance_from(start).is_some_and(|offset| offset < section.size);
        // Where add-symbol-file put a module without saying where this section is, no address of it is right.
        let placed = || {
            module.object().kind() != ElfKind::Relocatable
                || self.os.as_ref().is_some_and(|os| os.is_module_per_cpu(start))
        };
        inside && placed()
    }
}
