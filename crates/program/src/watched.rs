//! Expressions that run control asks about: conditions, numbers, and watched values.

use crate::{Error, Program};
use kdive_base::VirtAddr;
use kdive_expr::print::value_text;
use kdive_expr::{Cpu, Expr, ExprError, SymbolClass};
use kdive_types::{Encoding, Type, Value, ValueError};

/// One look at a watched expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchReading {
    /// The bytes of the value, compared between stops; `None` when it could not be read.
    pub bytes: Option<Vec<u8>>,
    /// The value as `print` shows it, or `<error: ...>`.
    pub text: String,
    /// Every piece of memory the value depends on, the value itself last.
    pub ranges: Vec<(VirtAddr, u64)>,
    /// Whether it also depends on something that is not memory (a register), so that no debug register can watch it.
    pub beyond_memory: bool,
    /// Why there will never be a value to watch. Memory that cannot be read now is no such reason.
    pub refused: Option<Error>,
}

impl Program {
    /// Compiles an expression in the scope of `at`, or of the selected frame.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn compile(&self, text: &str, at: Option<VirtAddr>) -> Result<Expr, Error> {
        match at {
            Some(_) => self.in_scope_of(at, |program| Expr::parse(text, program)),
            None => Expr::parse(text, self),
        }
        .map_err(Error::from)
    }

    /// Evaluates an expression to an integer (`ignore 1 $n`, `continue 3`).
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn integer(&self, text: &str) -> Result<i64, Error> {
        let value = Expr::parse(text, self).and_then(|expr| expr.evaluate_int(self))?;
        Ok(value as i64)
    }

    /// The integer a convenience variable or history value holds (`$bpnum`, `$3`); `None` for one that holds none.
    ///
    /// # Errors
    /// `History has not yet reached $10.`
    pub fn integer_of(&self, name: &str) -> Result<Option<i64>, Error> {
        let value = self.evaluate(name)?;
        if !value.ty().is_integral() {
            return Ok(None);
        }
        let expr = Expr::parse(name, self)?;
        Ok(expr.evaluate_int(self).ok().map(|value| value as i64))
    }

    /// Looks at a watched expression in the selected frame.
    #[must_use]
    pub fn watch(&self, expr: &Expr) -> WatchReading {
        let _ = self.take_copies();
        let (result, trace) = self.traced(|program| {
            let value = expr.evaluate(program)?;
            let size = match value.bit_field() {
                Some(bits) => Some((u64::from(bits.offset) + u64::from(bits.size)).div_ceil(8)),
                None => value.ty().size(),
            };
            let own = value.address().zip(size);
            let bytes = value.bytes(program).map(|bytes| bytes.to_vec()).ok();
            Ok::<_, ExprError>((own, bytes, value))
        });
        let mut ranges = trace.memory;
        let mut refused = None;
        let (bytes, text) = match result {
            Ok((own, bytes, value)) => {
                // Not traced: what the text of a pointer shows of the memory behind it is no part of the value.
                let text = value_text(self, &value, &self.options.print);
                if let Some(own) = own {
                    ranges.retain(|range| *range != own);
                    ranges.push(own);
                }
                (bytes, text.unwrap_or_else(|error| format!("<error: {error}>")))
            }
            Err(error) => {
                let text = format!("<error: {error}>");
                if !matches!(error, ExprError::Value(ValueError::Memory(_))) {
                    refused = Some(error.into());
                }
                (None, text)
            }
        };
        ranges.dedup();
        WatchReading { bytes, text, ranges, beyond_memory: trace.registers, refused }
    }

    /// Binds a watched expression that was just looked at to what it was about then: per-CPU variables to the copies of that CPU,
    /// whichever is selected later. With a line for the user where that is so.
    #[must_use]
    pub fn settle(&self, expr: Expr) -> (Expr, Option<String>) {
        let Some(cpu) = self.copies_of() else { return (expr, None) };
        (expr.on(Cpu::Number(cpu)), self.take_copies())
    }

    /// For `watch -l EXPR`: the expression that stands for the place `EXPR` names now, `* (TYPE *) 0xADDR`.
    ///
    /// # Errors
    /// `Attempt to take address of value not located in memory.`
    pub fn location_of(&self, text: &str) -> Result<String, Error> {
        let _ = self.take_copies();
        let value = self.evaluate(text)?;
        let addr = value.address().ok_or(Error::NotInMemory)?;
        Ok(format!("* ({}) {addr:#x}", value.ty().pointer_to().declaration("")))
    }

    /// Sets a convenience variable (`$bpnum`, `$_exitcode`, `$_thread`).
    pub fn set_convenience(&self, name: &str, value: Option<i64>) {
        let store = self.store();
        match value {
            Some(value) => {
                let (ty, bytes) = match i32::try_from(value) {
                    Ok(value) => (Type::base("int", 4, Encoding::Signed), value.to_le_bytes().to_vec()),
                    Err(_) => (Type::base("long", 8, Encoding::Signed), value.to_le_bytes().to_vec()),
                };
                store.set(name, Value::from_bytes(ty, bytes));
            }
            None => store.clear(name),
        }
    }
}

/// Whether an expression names locals, so that it means something only while the selected frame lives.
#[must_use]
pub fn is_frame_bound(expr: &Expr) -> bool {
    expr.symbols()
        .iter()
        .any(|symbol| matches!(symbol.class, SymbolClass::Variable { needs_frame: true, .. }))
}
