//! Functions in expressions: those of scripts/gdb by the names and meanings they have there (`$lx_current()`,
//! `$lx_per_cpu()`, `$lx_rb_first()`, ...), and walkers over the kernel's containers (`$list(...)`, `$rb(...)`, ...).

mod call;
mod containers;
mod devices;
mod tasks;
mod trees;

use call::Call;
use kdive_expr::{Argument, Context, ExprError, Function, Result};
use kdive_program::Program;
use kdive_types::{Type, Value};
use std::sync::Arc;

/// One function.
struct Lx {
    name: &'static str,
    /// Fewest and most arguments.
    args: (usize, usize),
    /// How the first arguments are written; those after are expressions.
    written: &'static [Argument],
    /// Whether it may be called without the dollar.
    plain: bool,
    /// Whether per-CPU variables among the arguments are meant as the symbol table has them.
    templates: bool,
    /// The type of its value, from those of the arguments.
    ty: fn(&Call<'_>) -> Result<Option<Type>>,
    run: fn(&Call<'_>) -> Result<Value>,
}

impl Lx {
    const EMPTY: Self = Self {
        name: "",
        args: (0, 0),
        written: &[],
        plain: false,
        templates: false,
        ty: |_| Ok(None),
        run: |_| Err(ExprError::msg("Not a function.")),
    };
}

const TABLES: &[&[Lx]] = &[tasks::FUNCTIONS, trees::FUNCTIONS, devices::FUNCTIONS, containers::FUNCTIONS];

/// Makes the functions callable in a program's expressions.
pub fn add_functions(program: &Program) {
    for function in TABLES.iter().copied().flatten() {
        program.add_function(function.name, Arc::new(function));
    }
}

impl Lx {
    fn call_of<'a>(&'static self, context: &'a dyn Context, args: &'a [Value]) -> Result<Call<'a>> {
        let (least, most) = self.args;
        if args.len() < least || args.len() > most {
            return Err(ExprError::msg(format!("${} takes {}.", self.name, count(least, most))));
        }
        let program = context.host().and_then(|host| host.downcast_ref::<Program>());
        let program = program.ok_or_else(|| ExprError::msg("No program to look at."))?;
        Ok(Call { name: self.name, program, context, args })
    }
}

impl Function for &'static Lx {
    fn call(&self, context: &dyn Context, args: &[Value]) -> Result<Value> {
        (self.run)(&self.call_of(context, args)?)
    }

    fn argument(&self, position: usize) -> Argument {
        self.written.get(position).copied().unwrap_or(Argument::Value)
    }

    fn is_plain(&self) -> bool {
        self.plain
    }

    fn takes_templates(&self) -> bool {
        self.templates
    }

    fn result_type(&self, context: &dyn Context, args: &[Value]) -> Result<Option<Type>> {
        match self.call_of(context, args) {
            Ok(call) => (self.ty)(&call),
            // As gdb, which looks at no arguments here.
            Err(_) => Ok(None),
        }
    }
}

fn count(least: usize, most: usize) -> String {
    match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "one argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (0, most) => format!("at most {most} argument"),
        (least, most) if most == least + 1 => format!("{least} or {most} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    }
}

fn failed(error: crate::Error) -> ExprError {
    ExprError::msg(error.to_string())
}

#[cfg(test)]
mod tests;
