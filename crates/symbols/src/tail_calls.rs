//! The calls by which a function leaves.

use crate::dwarf::{Callee, DebugInfo, Outline};
use crate::{Function, Module};
use kdive_base::{LinkAddr, VirtAddr};
use std::fmt;
use std::sync::Arc;

/// A tail call (`DW_AT_call_tail_call`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TailCall {
    /// Address after the jump (`DW_AT_call_return_pc`).
    pub return_pc: VirtAddr,
    /// Where a direct call goes to.
    pub target: Option<CallTarget>,
}

/// What a direct call goes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CallTarget {
    /// The entry of a function of the same file.
    Entry(VirtAddr),
    /// A function that the unit only declares.
    Name(Arc<str>),
}

/// The tail calls of a function, each read when it is asked for: a system call table has hundreds.
pub struct TailCalls {
    source: Source,
    next: usize,
}

enum Source {
    Outline { module: Arc<Module>, debug: Arc<DebugInfo>, outline: Outline },
    Function(Function),
}

impl fmt::Debug for TailCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Outline { outline, .. } => write!(f, "TailCalls(outline of {})", outline.calls.len()),
            Source::Function(function) => write!(f, "TailCalls({function:?})"),
        }
    }
}

impl TailCalls {
    pub(crate) fn of_outline(module: &Arc<Module>, debug: &Arc<DebugInfo>, outline: Outline) -> Self {
        let source = Source::Outline { module: Arc::clone(module), debug: Arc::clone(debug), outline };
        Self { source, next: 0 }
    }

    pub(crate) fn of_function(function: Function) -> Self {
        Self { source: Source::Function(function), next: 0 }
    }

    /// Whether the code of the function is in one piece.
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        match &self.source {
            Source::Outline { .. } => true,
            Source::Function(function) => function.ranges().len() == 1,
        }
    }
}

impl Iterator for TailCalls {
    type Item = TailCall;

    fn next(&mut self) -> Option<TailCall> {
        let index = self.next;
        self.next += 1;
        let (module, debug, outline) = match &self.source {
            Source::Outline { module, debug, outline } => (module, debug, outline),
            Source::Function(function) => {
                let (found, call) = function.tail_call(index)?;
                self.next = found + 1;
                return Some(call);
            }
        };
        let call = *outline.calls.get(index)?;
        let target = debug.tail_callee(outline, call).map(|callee| match callee {
            Callee::Entry(entry) => CallTarget::Entry(module.to_virt(LinkAddr(entry))),
            Callee::Name(name) => CallTarget::Name(name),
        });
        Some(TailCall { return_pc: module.to_virt(LinkAddr(call.return_pc)), target })
    }
}
