//! Connecting: a stub, the program in it and the kernel that runs there.

use crate::{Engine, Error, Event, Warning};
use kdive_arch::Arch;
use kdive_base::LinkAddr;
use kdive_session::{ConnectOptions, Stop};
use kdive_symbols::{ElfKind, Placement};
use kdive_target::{ConnectError, Log, Note};

/// What a connection found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connected {
    /// Where the program stands; `None`: nothing runs there yet (extended mode).
    pub stop: Option<Stop>,
}

impl Engine {
    /// Connects to a stub (`:1234`, `unix:PATH`, `| COMMAND`, a device), finds the kernel in it and the modules it has loaded. `waits` is
    /// called once when nobody listens there yet and it is tried again. What is found comes as events.
    ///
    /// # Errors
    /// Why there is no connection, with what the command behind `| COMMAND` wrote.
    pub fn connect(
        &mut self,
        address: &str,
        options: &ConnectOptions,
        log: Log,
        waits: &mut dyn FnMut(),
    ) -> Result<Connected, ConnectError> {
        let stop = self.session.connect(address, options, log, waits)?;
        self.address = Some(address.to_owned());
        self.take_notes();
        self.warn_of_processors();
        if self.program().modules.modules().is_empty() {
            self.push(Event::Warning(Warning::NoProgram));
        }
        if stop.is_some()
            && let Err(error) = self.meet(true)
        {
            self.push(Event::Warning(Warning::NotPlaced(error.to_string())));
        }
        if let Some(stop) = &stop {
            let event = Event::Stopped(Box::new(stop.clone()));
            self.tell_observer(|observer, engine| observer.stopped(engine, &event));
        }
        Ok(Connected { stop })
    }

    /// What the connection has to tell besides answers becomes events.
    pub fn take_notes(&mut self) {
        let notes = self.session.remote().map(|remote| remote.notes()).unwrap_or_default();
        for note in notes {
            self.push(match note {
                Note::Diagnostics(text) => Event::Diagnostics(text),
                Note::Resynchronized(text) => Event::Warning(Warning::Resynchronized(text)),
            });
        }
    }

    /// A target and files have come together, in whichever order: what of the files depends on the running program is looked for.
    /// Nothing without a target or without a thread. `connected`: it is the target that is new.
    ///
    /// # Errors
    /// When the target cannot be asked.
    pub(crate) fn meet(&mut self, connected: bool) -> Result<(), Error> {
        if self.session.target().is_none() || self.program().machine().is_none() {
            return Ok(());
        }
        self.place_program()?;
        self.take_index_cache();
        let report = self.program_mut().with_os(|os, program| match connected {
            true => os.attached(program),
            false => os.files_changed(program),
        });
        self.take_report(report);
        Ok(())
    }

    /// A position-independent program is where its loader put it: its entry point tells.
    fn place_program(&mut self) -> Result<(), Error> {
        let main = self.program().modules.modules().first();
        let Some((id, entry)) = main
            .filter(|main| main.object().kind() == ElfKind::Dynamic && main.object().entry() != LinkAddr(0))
            .map(|main| (main.id(), main.object().entry()))
        else {
            return Ok(());
        };
        let Some(remote) = self.session.remote() else { return Ok(()) };
        let Some(at) = remote.entry_point()? else { return Ok(()) };
        let slide = at.0.wrapping_sub(entry.0);
        if self.program_mut().modules.set_placement(id, Placement { slide }) {
            self.symbols_changed();
        }
        Ok(())
    }

    /// Of a processor that kdive hardly knows, that it is one; of symbols for another one, that they are.
    fn warn_of_processors(&mut self) {
        let (target, file) = (self.program().arch(), self.program().file_arch());
        let name = match target {
            Arch::X86_64 => None,
            Arch::I386 => Some("32-bit x86"),
            Arch::Foreign(family) => Some(family.name()),
        };
        if let Some(name) = name {
            self.push(Event::Warning(Warning::ForeignProcessor { name }));
        }
        let is_same = target.bfd_name() == file.bfd_name() || !target.is_foreign() && !file.is_foreign();
        let main = self.program().modules.modules().first().map(|main| main.object().path().to_owned());
        if let Some(file_name) = main.filter(|_| !is_same) {
            self.push(Event::Warning(Warning::OtherProcessor {
                file: file_name,
                of_file: file.bfd_name(),
                of_target: target.bfd_name(),
            }));
        }
    }
}
