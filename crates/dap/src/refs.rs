//! The numbers by which the client names frames and variables; they are good until the program runs again.

use kdive_engine::{RegisterGroup, Scope, VarId};
use std::collections::HashMap;

/// What a `variablesReference` stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Container {
    /// A frame itself, which is no container.
    Frame(Scope),
    /// The arguments of a frame.
    Arguments(Scope),
    /// The locals of a frame.
    Locals(Scope),
    /// One group of registers.
    Registers(Scope, RegisterGroup),
    /// The per-CPU variables, of the CPU of a frame.
    PerCpu(Scope),
    /// Variables of the file or module a frame is in.
    Globals(Scope),
    /// The children of a variable.
    Variable(VarId),
}

/// All numbers.
#[derive(Default)]
pub(crate) struct Refs {
    containers: HashMap<i64, Container>,
    last: i64,
}

impl Refs {
    pub(crate) fn frame(&mut self, scope: Scope) -> i64 {
        self.container(Container::Frame(scope))
    }

    pub(crate) fn scope(&self, frame: i64) -> Option<Scope> {
        match self.containers.get(&frame) {
            Some(Container::Frame(scope)) => Some(*scope),
            _ => None,
        }
    }

    pub(crate) fn container(&mut self, container: Container) -> i64 {
        self.last += 1;
        self.containers.insert(self.last, container);
        self.last
    }

    pub(crate) fn get(&self, reference: i64) -> Option<Container> {
        self.containers.get(&reference).filter(|one| !matches!(one, Container::Frame(_))).cloned()
    }

    /// The program has run. Numbers are not used again.
    pub(crate) fn forget(&mut self) {
        self.containers.clear();
    }
}
