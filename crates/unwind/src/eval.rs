//! The small DWARF expression machine that CFI needs: no pieces, no types, no variables.

use crate::cfi::{ENCODING, Slice};
use crate::{RegisterError, RegisterSet, UnwindError};
use gimli::{EvaluationResult, Expression, Location, Value};
use kdive_base::{LinkAddr, ReadMemory, VirtAddr};

/// Most operations one expression may execute; the longest in use (`.plt`'s CFA) has eleven.
const MAX_OPERATIONS: u32 = 10_000;

/// What an expression may refer to.
pub(crate) struct Machine<'a> {
    pub(crate) memory: &'a dyn ReadMemory,
    pub(crate) registers: &'a RegisterSet,
    /// Added to `DW_OP_addr`.
    pub(crate) slide: u64,
    /// For error messages.
    pub(crate) pc: LinkAddr,
    /// For error messages.
    pub(crate) section: &'static str,
}

impl Machine<'_> {
    /// Evaluates `expression` with `initial` on the stack: the CFA for register rules, nothing for the CFA itself.
    pub(crate) fn run(
        &self,
        expression: Expression<Slice<'_>>,
        initial: Option<u64>,
    ) -> Result<u64, UnwindError> {
        let mut evaluation = expression.evaluation(ENCODING);
        evaluation.set_max_iterations(MAX_OPERATIONS);
        if let Some(initial) = initial {
            evaluation.set_initial_value(initial);
        }
        let mut result = evaluation.evaluate().map_err(|error| self.malformed(&error.to_string()))?;
        // Each round answers one question of one operation, so rounds are bounded by the operations.
        loop {
            let next = match result {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresMemory { address, size, .. } => {
                    let value = self.memory.read_uint(VirtAddr(address), usize::from(size))?;
                    evaluation.resume_with_memory(Value::Generic(value))
                }
                EvaluationResult::RequiresRegister { register, .. } => {
                    let value = read_register(self.registers, register.0, self.memory)?;
                    evaluation.resume_with_register(Value::Generic(value))
                }
                EvaluationResult::RequiresRelocatedAddress(address) => {
                    evaluation.resume_with_relocated_address(address.wrapping_add(self.slide))
                }
                // DWARF 5, 6.4.2 excludes all operations that would ask for anything else.
                _ => return Err(self.malformed("operation not allowed in call frame information")),
            };
            result = next.map_err(|error| self.malformed(&error.to_string()))?;
        }
        match evaluation.as_result() {
            [piece] => match piece.location {
                Location::Address { address } => Ok(address),
                Location::Value { value } => {
                    value.to_u64(u64::MAX).map_err(|error| self.malformed(&error.to_string()))
                }
                _ => Err(self.malformed("expression gives no address")),
            },
            _ => Err(self.malformed("expression gives no address")),
        }
    }

    fn malformed(&self, what: &str) -> UnwindError {
        UnwindError::Malformed { pc: self.pc, section: self.section, what: what.to_owned() }
    }
}

/// The value of a register that unwinding needs.
pub(crate) fn read_register(
    registers: &RegisterSet,
    number: u16,
    memory: &dyn ReadMemory,
) -> Result<u64, UnwindError> {
    registers.read(number, memory).map_err(|error| match error {
        RegisterError::Memory(fault) => UnwindError::Memory(fault),
        RegisterError::NotSaved => UnwindError::NotSaved { register: number },
        RegisterError::Unavailable => UnwindError::Unavailable,
    })
}
