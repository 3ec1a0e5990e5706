//! Registers: one `g` for each thread and stop, decoded for the length it has.

use super::inner::{Inner, State};
use crate::Error;
use kdive_arch::{Arch, Availability, RawWrite, RegisterFile, RegisterLayout};
use kdive_rsp::ThreadId;
use std::rc::Rc;
use std::sync::Arc;

/// Bytes of `g` for the registers gdb assumes when a stub describes none.
const X86_64_DEFAULT: usize = 536;
const I386_DEFAULT: usize = 308;

/// Whether a reply of `length` bytes brings whole registers of the layout: it may go on after the last one, or end between two.
fn holds(layout: &RegisterLayout, length: usize) -> bool {
    let total = layout.g_length();
    total > 0
        && length > 0
        && (length >= total || layout.registers().iter().any(|register| register.offset == length))
}

impl Inner {
    pub(super) fn registers(&mut self, thread: ThreadId) -> Result<Rc<RegisterFile>, Error> {
        if let Some(file) = self.registers.get(&thread) {
            return Ok(Rc::clone(file));
        }
        let result = self.client.registers(thread);
        let reply = self.checked(result).map_err(|error| match error {
            Error::Remote(text) => Error::Remote(format!("Could not read registers; {text}")),
            other => other,
        })?;
        let file = match reply {
            Some(bytes) => RegisterFile::from_g(self.layout_of(bytes.len())?, &bytes),
            None => self.registers_one_by_one(thread)?,
        };
        let file = Rc::new(file);
        self.registers.insert(thread, Rc::clone(&file));
        Ok(file)
    }

    /// The layout of a `g` reply of `length` bytes: the described one if it fits, else the one of a stub known to send that many (QEMU before 2.8 sends
    /// fewer in 16- and 32-bit mode), else one of which it is the beginning (kgdb stops after the segment registers).
    fn layout_of(&mut self, length: usize) -> Result<Arc<RegisterLayout>, Error> {
        if length == self.layout.g_length() {
            return Ok(Arc::clone(&self.layout));
        }
        if let Some(layout) = self.layouts.get(&length) {
            return Ok(Arc::clone(layout));
        }
        let described = self.layout.arch();
        let known = |length| {
            // What another processor sends may be as long by chance.
            let families =
                if described.is_foreign() { &[][..] } else { &[described, Arch::X86_64, Arch::I386] };
            families.iter().find_map(|&arch| RegisterLayout::for_g_length(arch, length).ok()).map(Arc::new)
        };
        let usual = match described {
            Arch::X86_64 => known(X86_64_DEFAULT),
            Arch::I386 => known(I386_DEFAULT),
            Arch::Foreign(_) => None,
        };
        // What the user says goes before what is usual for that length.
        let given =
            self.given.as_ref().map(|_| Arc::clone(&self.layout)).filter(|layout| holds(layout, length));
        let layout = given
            .or_else(|| known(length))
            .or_else(|| Some(Arc::clone(&self.layout)).filter(|layout| holds(layout, length)))
            .or_else(|| usual.filter(|layout| holds(layout, length)))
            // gdb's words for a reply that ends inside a register.
            .ok_or_else(|| {
                Error::Remote(format!("Truncated register in remote 'g' packet ({length} bytes)"))
            })?;
        self.layouts.insert(length, Arc::clone(&layout));
        Ok(layout)
    }

    /// For stubs that only know `p`.
    fn registers_one_by_one(&mut self, thread: ThreadId) -> Result<RegisterFile, Error> {
        if self.layout.registers().is_empty() {
            return Err(Error::Unsupported(
                "the stub neither describes its registers nor sends them together".into(),
            ));
        }
        let numbers: Vec<u32> = self.layout.registers().iter().map(|register| register.regnum).collect();
        let result = self.client.registers_by_number(thread, &numbers);
        let values = self.checked(result)?;
        let mut file = RegisterFile::new(Arc::clone(&self.layout));
        for (index, value) in values.into_iter().enumerate() {
            let stored = value.is_some_and(|bytes| file.set_raw(index, &bytes).is_ok());
            if !stored {
                file.set_unavailable(index);
            }
        }
        Ok(file)
    }

    pub(super) fn registers_with(
        &mut self,
        thread: ThreadId,
        index: usize,
    ) -> Result<Rc<RegisterFile>, Error> {
        let file = self.registers(thread)?;
        let register = match file.layout().registers().get(index) {
            Some(register) if file.availability(index) == Availability::NotFetched => register.regnum,
            _ => return Ok(file),
        };
        let result = self.client.registers_by_number(thread, &[register]);
        let value = self.checked(result)?.pop().flatten();
        let mut file = RegisterFile::clone(&file);
        let stored = value.is_some_and(|bytes| file.set_raw(index, &bytes).is_ok());
        if !stored {
            file.set_unavailable(index);
        }
        let file = Rc::new(file);
        self.registers.insert(thread, Rc::clone(&file));
        Ok(file)
    }

    pub(super) fn write_registers(&mut self, thread: ThreadId, writes: &[RawWrite]) -> Result<(), Error> {
        if !self.permissions.write_registers
            && let Some(write) = writes.first()
        {
            let text = format!("Writing to registers is not allowed (regno {})", write.regnum);
            return Err(Error::Forbidden(text));
        }
        for write in writes {
            let name = |inner: &Self| {
                let register =
                    inner.layout.registers().iter().find(|register| register.regnum == write.regnum);
                register.map_or_else(|| format!("#{}", write.regnum), |register| register.name.clone())
            };
            let result = match self.client.write_register(thread, write.regnum, &write.bytes) {
                Err(kdive_rsp::Error::Unsupported(_)) => self.write_among_all(thread, write),
                result => self.checked(result),
            };
            if let Err(error) = result {
                self.forget();
                return Err(match error {
                    Error::Remote(text) => {
                        Error::Remote(format!("Could not write register \"{}\"; {text}", name(self)))
                    }
                    other => other,
                });
            }
        }
        // The stub may have changed more than asked (a mode switch through cr0), or less (reserved bits).
        let stopped = matches!(self.state, State::Stopped(_));
        if stopped && !writes.is_empty() {
            self.forget();
        }
        Ok(())
    }

    /// For stubs without `P`: all registers with one changed. Refused when one of them is not known, it would be destroyed.
    fn write_among_all(&mut self, thread: ThreadId, write: &RawWrite) -> Result<(), Error> {
        let file = self.registers(thread)?;
        let mut bytes = Vec::with_capacity(file.layout().g_length());
        for (index, register) in file.layout().registers().iter().enumerate() {
            let value =
                if register.regnum == write.regnum { Some(write.bytes.as_slice()) } else { file.raw(index) };
            let value = value.ok_or_else(|| {
                Error::Unsupported(
                    "the stub cannot write a single register, and not all of them are known".into(),
                )
            })?;
            bytes.extend_from_slice(value);
        }
        let result = self.client.write_registers(thread, &bytes);
        self.checked(result)
    }
}
