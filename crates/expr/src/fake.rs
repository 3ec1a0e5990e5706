//! The program of `fake/kitchen.c` as a [`Context`], and a player of gdb transcripts about it.

mod commands;
mod kitchen;

pub(crate) use commands::play;
pub(crate) use kitchen::kitchen;

use crate::context::{Context, Cpu, Function, Scope, Symbol, SymbolClass, Symbolized, Tag};
use crate::error::{ExprError, Result};
use crate::settings::PrintOptions;
use crate::store::Store;
use kdive_base::{Fault, VirtAddr};
use kdive_types::{Access, FrameId, RegisterId, Type, Value, ValueError};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A program that stands still.
#[derive(Default)]
pub(crate) struct Fake {
    segments: RefCell<BTreeMap<u64, Vec<u8>>>,
    symbols: Vec<(Symbol, u64, u64)>,
    typedefs: Vec<(String, Type)>,
    pub(crate) constants: Vec<Symbol>,
    tags: Vec<(Tag, String, Type)>,
    locals: Vec<(String, String, Type)>,
    files: Vec<String>,
    base_types: Vec<Type>,
    store: Store,
    /// `set print ...`.
    pub(crate) options: RefCell<PrintOptions>,
    /// What was warned of since it was taken last.
    pub(crate) warnings: RefCell<String>,
    /// `set input-radix`.
    pub(crate) radix: Cell<u32>,
    /// `rax`, `rsp`, `eflags`, and the halves of `xmm0`, as far as there are any.
    pub(crate) registers: RefCell<Vec<u64>>,
    /// A variable that is per-CPU, and the distance between its copies. CPU 1 is the selected one, of two.
    pub(crate) per_cpu: Option<(&'static str, u64)>,
    /// Functions of the debugger.
    pub(crate) functions: BTreeMap<&'static str, Arc<dyn Function>>,
}

const REGISTERS: [&str; 4] = ["rax", "rsp", "eflags", "xmm0"];

impl Fake {
    pub(crate) fn map(&self, addr: u64, bytes: &[u8]) {
        self.segments.borrow_mut().insert(addr, bytes.to_vec());
    }

    fn poke(&self, addr: u64, bytes: &[u8]) {
        self.write_memory(VirtAddr(addr), bytes).expect("address of the fixture");
    }
}

impl Access for Fake {
    fn read_memory(&self, addr: VirtAddr, buf: &mut [u8]) -> std::result::Result<(), Fault> {
        let segments = self.segments.borrow();
        for (at, slot) in buf.iter_mut().enumerate() {
            let here = addr.offset(at as u64);
            let fault = Fault::unmapped(here);
            let (start, bytes) = segments.range(..=here.0).next_back().ok_or(fault)?;
            *slot = *bytes.get((here.0 - start) as usize).ok_or(fault)?;
        }
        Ok(())
    }

    fn write_memory(&self, addr: VirtAddr, bytes: &[u8]) -> std::result::Result<(), Fault> {
        let mut segments = self.segments.borrow_mut();
        let fault = Fault::unmapped(addr);
        let (start, segment) = segments.range_mut(..=addr.0).next_back().ok_or(fault)?;
        let at = (addr.0 - start) as usize;
        segment.get_mut(at..at + bytes.len()).ok_or(fault)?.copy_from_slice(bytes);
        Ok(())
    }

    fn read_register(
        &self,
        _: FrameId,
        register: RegisterId,
        offset: usize,
        buf: &mut [u8],
    ) -> std::result::Result<(), ValueError> {
        let registers = self.registers.borrow();
        let from = registers.get(register.0 as usize..).ok_or(ValueError::Unavailable)?;
        let bytes: Vec<u8> = from.iter().flat_map(|value| value.to_le_bytes()).collect();
        let wanted = bytes.get(offset..offset + buf.len()).ok_or(ValueError::Unavailable)?;
        buf.copy_from_slice(wanted);
        Ok(())
    }

    fn write_register(
        &self,
        _: FrameId,
        register: RegisterId,
        offset: usize,
        bytes: &[u8],
    ) -> std::result::Result<(), ValueError> {
        let mut registers = self.registers.borrow_mut();
        let value = registers.get_mut(register.0 as usize + offset / 8).ok_or(ValueError::Unavailable)?;
        let offset = offset % 8;
        let mut whole = value.to_le_bytes();
        whole[offset..offset + bytes.len()].copy_from_slice(bytes);
        *value = u64::from_le_bytes(whole);
        Ok(())
    }
}

impl Context for Fake {
    fn lookup(&self, name: &str, scope: Scope<'_>) -> Result<Option<Symbol>> {
        if let Scope::Function(function) = scope {
            let local = self.locals.iter().find(|local| *local.0 == *function.name && local.1 == name);
            return Ok(local.map(|(_, name, ty)| Symbol {
                name: name.as_str().into(),
                class: SymbolClass::Variable { needs_frame: true, in_register: None },
                ty: ty.clone(),
                handle: None,
            }));
        }
        if let Some((symbol, ..)) = self.symbols.iter().find(|(symbol, ..)| *symbol.name == *name) {
            return Ok(Some(symbol.clone()));
        }
        if let Some(constant) = self.constants.iter().find(|constant| *constant.name == *name) {
            return Ok(Some(constant.clone()));
        }
        Ok(self.typedefs.iter().find(|typedef| typedef.0 == name).map(|(name, ty)| Symbol {
            name: name.as_str().into(),
            class: SymbolClass::Typedef,
            ty: ty.clone(),
            handle: None,
        }))
    }

    fn variable(&self, symbol: &Symbol) -> Result<Value> {
        let Some(addr) = symbol.handle.as_ref().and_then(|handle| handle.downcast_ref::<u64>()) else {
            return Err(ExprError::msg("No frame selected."));
        };
        Ok(Value::at(symbol.ty.clone(), VirtAddr(*addr)))
    }

    fn lookup_tag(&self, tag: Tag, name: &str) -> Result<Option<Type>> {
        Ok(self.tags.iter().find(|found| found.0 == tag && found.1 == name).map(|found| found.2.clone()))
    }

    fn base_type(&self, name: &str) -> Option<Type> {
        self.base_types.iter().find(|ty| ty.name() == Some(name)).cloned()
    }

    fn has_file(&self, name: &str) -> bool {
        self.files.iter().any(|file| file == name)
    }

    fn register(&self, name: &str) -> Option<Result<Value>> {
        let number = REGISTERS.iter().position(|register| *register == name)?;
        if number >= self.registers.borrow().len() {
            return None;
        }
        let ty = match name {
            "rax" => crate::builtin().int64.clone(),
            "eflags" => kitchen::eflags(),
            "xmm0" => kitchen::xmm(),
            _ => crate::builtin().data_ptr.clone(),
        };
        Some(Ok(Value::register(ty, FrameId(0), RegisterId(number as u32), 0)))
    }

    fn register_name(&self, register: RegisterId) -> String {
        REGISTERS[register.0 as usize].to_owned()
    }

    fn symbolize(&self, addr: VirtAddr) -> Option<Symbolized> {
        let (symbol, start, size) = self.symbols.iter().rev().find(|(_, start, _)| *start <= addr.0)?;
        let offset = addr.0 - start;
        (offset < *size).then(|| Symbolized {
            name: symbol.name.to_string(),
            offset,
            is_function: matches!(symbol.class, SymbolClass::Function(_)),
            line: None,
        })
    }

    fn is_per_cpu(&self, symbol: &Symbol) -> bool {
        self.per_cpu.is_some_and(|(name, _)| *name == *symbol.name)
    }

    fn per_cpu(&self, symbol: &Symbol, addr: VirtAddr, cpu: Cpu) -> Result<Option<VirtAddr>> {
        let cpu = match cpu {
            Cpu::Selected => 1,
            Cpu::Number(cpu) => cpu,
            Cpu::Template => return Ok(None),
        };
        if !self.is_per_cpu(symbol) {
            return Ok(None);
        }
        self.per_cpu_pointer(addr, cpu).map(Some)
    }

    fn per_cpu_pointer(&self, addr: VirtAddr, cpu: u64) -> Result<VirtAddr> {
        let distance = self.per_cpu.map_or(0, |(_, distance)| distance);
        if cpu < 2 { Ok(addr.offset(cpu * distance)) } else { Err(ExprError::msg(format!("no CPU {cpu}"))) }
    }

    fn online_cpus(&self) -> Result<Vec<u64>> {
        Ok(vec![0, 1])
    }

    fn function(&self, name: &str) -> Option<Arc<dyn Function>> {
        self.functions.get(name).cloned()
    }

    fn warn(&self, text: &str) {
        self.warnings.borrow_mut().push_str(&format!("warning: {text}\n"));
    }

    fn store(&self) -> &Store {
        &self.store
    }

    fn print_options(&self) -> PrintOptions {
        self.options.borrow().clone()
    }

    fn input_radix(&self) -> u32 {
        self.radix.get()
    }
}
