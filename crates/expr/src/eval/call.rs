//! Calls: of the program's functions, and of the debugger's own.

use super::Evaluator;
use super::convert::from_int;
use crate::ast::Node;
use crate::builtin::builtin;
use crate::context::{Cpu, Function as OwnFunction, SymbolClass};
use crate::error::{ExprError, Result};
use crate::functions;
use kdive_base::VirtAddr;
use kdive_types::{Function, Kind, Type, Value};
use std::cell::Cell;

impl Evaluator<'_> {
    pub(super) fn call(&self, callee: &Node, args: &[Node]) -> Result<Value> {
        if let Node::Dollar(name) = callee
            && self.context.register(name).is_none()
        {
            let function = self.context.function(name).or_else(|| functions::standard(name));
            if let Some(function) = function {
                return self.call_own(&*function, args);
            }
        }
        if let Node::Symbol(symbol) = callee
            && let SymbolClass::Minimal(_) = symbol.class
        {
            if !self.types_only {
                self.context.may_call()?;
            }
            return Err(unknown_return_type(&symbol.name));
        }
        let value = self.value(callee)?;
        let result = self.call_value(&value, args);
        match callee {
            Node::Dollar(name) if value.ty().is_void() => result
                .map_err(|error| ExprError::NoFunction { name: name.to_string(), text: error.to_string() }),
            _ => result,
        }
    }

    /// Calls a function of the debugger.
    fn call_own(&self, function: &dyn OwnFunction, args: &[Node]) -> Result<Value> {
        let cpu = if function.takes_templates() { Cpu::Template } else { self.cpu };
        let inner = Evaluator { cpu, met_per_cpu: Cell::new(false), ..*self };
        let value = |arg: &Node| match arg {
            Node::Type(ty) => Ok(Value::at(ty.clone(), VirtAddr(0))),
            Node::Typeof(_) => Ok(Value::at(inner.ty(arg)?, VirtAddr(0))),
            arg => inner.value(arg),
        };
        if self.types_only {
            // As gdb: nothing about the arguments is an error here.
            let args = args.iter().map(value).collect::<Result<Vec<_>>>().unwrap_or_default();
            return Ok(match function.result_type(self.context, &args)? {
                Some(ty) => self.of_type(ty),
                None => from_int(&builtin().int, 0),
            });
        }
        let args = args.iter().map(value).collect::<Result<Vec<_>>>()?;
        let result = function.call(self.context, &args);
        self.met_per_cpu.set(self.met_per_cpu.get() || inner.met_per_cpu.get());
        result
    }

    fn call_value(&self, callee: &Value, args: &[Node]) -> Result<Value> {
        let function = function_type(callee.ty());
        if self.types_only {
            let ret = match function.as_ref().map(Type::kind) {
                Some(Kind::Function(function)) => function.ret.get(),
                _ if callee.ty().is_integral() => builtin().int.clone(),
                _ => {
                    return Err(ExprError::msg(
                        "Expression of type other than \"Function returning ...\" used as function",
                    ));
                }
            };
            return Ok(self.of_type(ret));
        }
        let args = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>>>()?;
        self.context.may_call()?;
        let callee = self.decayed(callee)?;
        let function = function_type(callee.ty());
        let (params, prototyped) = match function.as_ref().map(Type::kind) {
            Some(Kind::Function(function)) => (&function.params, function.prototyped),
            _ if callee.ty().is_integral() => return Err(self.number_called(&callee)?),
            _ => return Err(ExprError::msg("Invalid data type for function to be called.")),
        };
        if args.len() < params.len() {
            return Err(ExprError::msg("Too few arguments in function call."));
        }
        let coerced = args
            .iter()
            .enumerate()
            .map(|(at, arg)| match params.get(at) {
                Some(param) => self.argument(arg, &param.ty.get(), prototyped),
                None => self.argument(arg, arg.ty(), false),
            })
            .collect::<Result<Vec<_>>>()?;
        self.context.call(&callee, &coerced)
    }

    /// A number is taken as the address of a function, whose return type only a cast of the call tells. `0x` twice is gdb's way.
    fn number_called(&self, callee: &Value) -> Result<ExprError> {
        let addr = VirtAddr(self.int(callee)? as u64);
        let symbol = self.context.symbolize(addr).filter(|symbol| symbol.offset == 0);
        Ok(unknown_return_type(&symbol.map_or_else(|| format!("at 0x{addr}"), |symbol| symbol.name)))
    }

    /// An argument as C passes it.
    fn argument(&self, arg: &Value, ty: &Type, prototyped: bool) -> Result<Value> {
        let types = builtin();
        let stripped = ty.strip();
        let passed = if stripped.is_integral() && stripped.size() < Some(4) {
            types.int.clone()
        } else if stripped.is_float() && !prototyped {
            if stripped.size() <= Some(8) { types.double.clone() } else { types.long_double.clone() }
        } else if stripped.is_function() {
            ty.pointer_to()
        } else if stripped.is_array() {
            match stripped.target() {
                Some(elem) => elem.pointer_to(),
                None => ty.clone(),
            }
        } else {
            ty.clone()
        };
        let value = self.cast(&passed, arg)?;
        value.bytes(self.access)?;
        Ok(value)
    }

    /// `(int) f()` of a function whose return type only the cast tells.
    pub(super) fn call_without_debug_info(
        &self,
        callee: &Node,
        args: &[Node],
        ret: &Type,
    ) -> Result<Option<Value>> {
        let addr = match callee {
            Node::Symbol(symbol) => match symbol.class {
                SymbolClass::Minimal(addr) => addr,
                _ => return Ok(None),
            },
            // As a type: nothing of the callee is read.
            _ if self.types_only => return Ok(None),
            // A function of the debugger's.
            Node::Dollar(_) => return Ok(None),
            callee => {
                let value = self.value(callee)?;
                if !value.ty().strip().is_integral() {
                    return self.call_value(&value, args).and_then(|value| self.cast(ret, &value)).map(Some);
                }
                VirtAddr(self.int(&value)? as u64)
            }
        };
        let function =
            Function { ret: ret.clone().into(), params: Vec::new(), variadic: false, prototyped: false };
        let callee = Value::at(Type::derived(Kind::Function(function)), addr);
        self.call_value(&callee, args).map(Some)
    }
}

fn unknown_return_type(name: &str) -> ExprError {
    ExprError::msg(format!("'{name}' has unknown return type; cast the call to its declared return type"))
}

/// The function type of a function or of a pointer to one.
fn function_type(ty: &Type) -> Option<Type> {
    let ty = ty.strip();
    match ty.kind() {
        Kind::Function(_) => Some(ty),
        Kind::Pointer(target) => {
            let target = target.get().strip();
            matches!(target.kind(), Kind::Function(_)).then_some(target)
        }
        _ => None,
    }
}
