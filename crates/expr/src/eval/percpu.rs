//! Per-CPU variables: which copy a name stands for, `x@cpu(N)`, `x@all`.

use super::Evaluator;
use super::convert::{as_address, as_int, from_int};
use crate::ast::Node;
use crate::context::{Cpu, Symbol};
use crate::error::{ExprError, Result};
use kdive_base::VirtAddr;
use kdive_types::Value;
use std::cell::Cell;

impl Evaluator<'_> {
    /// A variable; of a per-CPU one the copy that is meant.
    pub(super) fn variable(&self, symbol: &Symbol) -> Result<Value> {
        let value = self.context.variable(symbol)?;
        let Some(addr) = value.address() else { return Ok(value) };
        let copy = self.copy_at(symbol, addr)?;
        Ok(if copy == addr { value } else { Value::at(value.ty().clone(), copy) })
    }

    /// Where the copy of a variable is that is meant, if it is per-CPU; else where it is.
    pub(super) fn copy_at(&self, symbol: &Symbol, addr: VirtAddr) -> Result<VirtAddr> {
        if self.types_only {
            return Ok(addr);
        }
        Ok(match self.context.per_cpu(symbol, addr, self.cpu)? {
            Some(copy) => {
                self.met_per_cpu.set(true);
                copy
            }
            None => addr,
        })
    }

    /// `x@cpu(N)`.
    pub(super) fn on_cpu(&self, of: &Node, cpu: &Node) -> Result<Value> {
        if self.types_only {
            return self.value(of);
        }
        let cpu = self.value(cpu)?;
        let number = as_int(&self.decayed(&cpu)?, self.access)?;
        let number =
            u64::try_from(number).map_err(|_| ExprError::msg(format!("There is no CPU {number}.")))?;
        self.copy_of(of, number)
    }

    /// `x@all`, for the CPU whose turn it is.
    pub(super) fn each_cpu(&self, of: &Node) -> Result<Value> {
        if self.types_only {
            return self.value(of);
        }
        let each = self.each.ok_or_else(|| {
            ExprError::msg(
                "@all has an answer for each CPU, which only print and output show; name one with @cpu(N).",
            )
        })?;
        self.copy_of(of, each)
    }

    fn copy_of(&self, of: &Node, cpu: u64) -> Result<Value> {
        let inner = Evaluator { cpu: Cpu::Number(cpu), met_per_cpu: Cell::new(false), ..*self };
        let value = inner.value(of)?;
        if inner.met_per_cpu.get() {
            self.met_per_cpu.set(true);
            return Ok(value);
        }
        // What alloc_percpu gave has no symbol.
        if value.ty().strip().is_pointer() {
            let addr = self.context.per_cpu_pointer(as_address(&value, self.access)?, cpu)?;
            self.met_per_cpu.set(true);
            return Ok(from_int(value.ty(), i128::from(addr.0)));
        }
        Err(ExprError::msg(
            "Before @cpu and @all there has to be a per-CPU variable, or a pointer to something per-CPU.",
        ))
    }
}
