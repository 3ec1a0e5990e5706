//! The functions of scripts/gdb in expressions: `$lx_current()`, `$lx_task_by_pid()`, `$lx_per_cpu()`, ..., by the names and
//! meanings they have there.

use crate::task::{TaskLayout, tasks};
use crate::{current_task, modules, per_cpu_offsets, selected_cpu};
use kdive_base::VirtAddr;
use kdive_expr::{Context, ExprError, Function, Result};
use kdive_program::Program;
use kdive_symbols::Tag;
use kdive_types::{Encoding, Type, Value};
use std::sync::Arc;

/// One function.
struct Lx {
    name: &'static str,
    /// Fewest and most arguments.
    args: (usize, usize),
    run: fn(&Program, &dyn Context, &[Value]) -> Result<Value>,
}

const FUNCTIONS: &[Lx] = &[
    Lx { name: "lx_current", args: (0, 1), run: current },
    Lx { name: "lx_task_by_pid", args: (1, 1), run: task_by_pid },
    Lx { name: "lx_per_cpu", args: (1, 2), run: per_cpu },
    Lx { name: "lx_per_cpu_ptr", args: (1, 2), run: per_cpu_ptr },
    Lx { name: "lx_module", args: (1, 1), run: module },
    Lx { name: "lx_thread_info", args: (1, 1), run: thread_info },
    Lx { name: "lx_task_by_comm", args: (1, 1), run: task_by_comm },
    Lx { name: "container_of", args: (3, 3), run: container_of },
];

/// Makes the functions callable in a program's expressions.
pub fn add_functions(program: &Program) {
    for function in FUNCTIONS {
        program.add_function(function.name, Arc::new(function));
    }
}

impl Function for &'static Lx {
    fn call(&self, context: &dyn Context, args: &[Value]) -> Result<Value> {
        let (least, most) = self.args;
        if args.len() < least || args.len() > most {
            return Err(ExprError::msg(format!("${} takes {}.", self.name, count(least, most))));
        }
        let program = context.host().and_then(|host| host.downcast_ref::<Program>());
        let program = program.ok_or_else(|| ExprError::msg("No program to look at."))?;
        (self.run)(program, context, args)
    }
}

fn count(least: usize, most: usize) -> String {
    match (least, most) {
        (1, 1) => "one argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (0, most) => format!("at most {most} argument"),
        (least, most) => format!("{least} or {most} arguments"),
    }
}

fn failed(error: crate::Error) -> ExprError {
    ExprError::msg(error.to_string())
}

fn structure(program: &Program, name: &str) -> Result<Type> {
    let ty = program.modules.ty(Tag::Struct, name, None);
    ty.ok_or_else(|| failed(crate::Error::NoType(format!("struct {name}"))))
}

/// `*(struct NAME *)addr`, not read yet.
fn object(program: &Program, name: &str, addr: VirtAddr) -> Result<Value> {
    Ok(Value::at(structure(program, name)?, addr))
}

fn integer(context: &dyn Context, value: &Value) -> Result<u64> {
    let bytes = value.bytes(context)?;
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(bytes.iter()) {
        *to = *from;
    }
    let size = bytes.len().min(8);
    let raw = u64::from_le_bytes(word);
    let shift = 64 - 8 * size.max(1) as u32;
    let ty = value.ty().strip();
    if !ty.is_integral() && !ty.is_pointer() {
        return Err(ExprError::msg("A number or an address is needed."));
    }
    // Small integers of C are signed, as -1 and pid_t are.
    Ok(if ty.is_pointer() { raw } else { (((raw << shift) as i64) >> shift) as u64 })
}

/// A string argument, up to its NUL.
fn text(context: &dyn Context, value: &Value) -> Result<String> {
    let bytes = value.bytes(context)?;
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    Ok(String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned())
}

/// The CPU an argument names; without one, or for -1, the selected one.
fn cpu(program: &Program, context: &dyn Context, argument: Option<&Value>) -> Result<usize> {
    let number = argument.map(|argument| integer(context, argument)).transpose()?;
    match number.filter(|number| *number as i64 != -1) {
        Some(number) => {
            usize::try_from(number).map_err(|_| ExprError::msg(format!("There is no CPU {number}.")))
        }
        None => selected_cpu(program).ok_or_else(|| {
            ExprError::msg(
                "The selected CPU is none the kernel knows yet: name one, as in $lx_per_cpu(\"x\", 0).",
            )
        }),
    }
}

fn current(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    // A task that is looked at although no CPU runs it is the one meant.
    let sleeping = program.machine().and_then(|machine| machine.sleeping_task());
    let task = match (sleeping, args.first()) {
        (Some(task), None) => task,
        (_, argument) => current_task(program, cpu(program, context, argument)?).map_err(failed)?,
    };
    object(program, "task_struct", task)
}

fn task_by_pid(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    let pid = args.first().map(|pid| integer(context, pid)).transpose()?.unwrap_or(0);
    let found = tasks(program, true).map_err(failed)?;
    let task = found.found.iter().find(|task| i64::from(task.pid) == pid as i64);
    let task = task.ok_or_else(|| ExprError::msg(format!("No task of PID {}", pid as i64)))?;
    object(program, "task_struct", task.addr)
}

fn task_by_comm(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    let name = args.first().map(|name| text(context, name)).transpose()?.unwrap_or_default();
    let found = tasks(program, true).map_err(failed)?;
    let task = found.found.iter().find(|task| task.comm == name);
    let task = task.ok_or_else(|| ExprError::msg(format!("No task is called {name}.")))?;
    object(program, "task_struct", task.addr)
}

/// Offset of a CPU's per-CPU area.
fn area(program: &Program, cpu: usize) -> Result<u64> {
    let offsets = per_cpu_offsets(program).map_err(failed)?;
    let offset = offsets.get(cpu).copied();
    offset
        .ok_or_else(|| ExprError::msg(format!("There is no CPU {cpu}: the kernel counts {}.", offsets.len())))
}

/// The variable on a CPU. The argument is the variable, or its name as a string.
fn per_cpu(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    let argument = args.first().ok_or_else(|| ExprError::msg("$lx_per_cpu takes a variable or its name."))?;
    let offset = area(program, cpu(program, context, args.get(1))?)?;
    let (addr, ty) = match argument.address().filter(|_| argument.is_lazy()) {
        Some(addr) => (addr, argument.ty().clone()),
        None => {
            let name = text(context, argument)?;
            let variable = program.evaluate(&name)?;
            let addr = variable.address().ok_or_else(|| ExprError::msg(format!("{name} has no address.")))?;
            (addr, variable.ty().clone())
        }
    };
    Ok(Value::at(ty, addr.offset(offset)))
}

fn per_cpu_ptr(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    let argument = args.first().ok_or_else(|| ExprError::msg("$lx_per_cpu_ptr takes a pointer."))?;
    let offset = area(program, cpu(program, context, args.get(1))?)?;
    let addr = integer(context, argument)?.wrapping_add(offset);
    Ok(Value::from_bytes(argument.ty().clone(), addr.to_le_bytes().to_vec()))
}

fn module(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    let name = args.first().map(|name| text(context, name)).transpose()?.unwrap_or_default();
    let found = modules(program).map_err(failed)?;
    let info = found.found.iter().find(|info| info.name == name);
    let info = info.ok_or_else(|| ExprError::msg(format!("No module {name} is loaded in the guest.")))?;
    object(program, "module", info.addr)
}

fn thread_info(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    let Some(task) = args.first() else { return Err(ExprError::msg("$lx_thread_info takes a task.")) };
    let addr = match task.address().filter(|_| !task.ty().strip().is_pointer()) {
        Some(addr) => addr,
        None => VirtAddr(integer(context, task)?),
    };
    let task = crate::Object::of_struct(program, "task_struct", addr).map_err(failed)?;
    // In the task itself since 4.9, before that at the bottom of its stack.
    let place = match task.member("thread_info") {
        Ok(info) => info.addr(),
        Err(_) => task.member("stack").and_then(|stack| stack.pointer()).map_err(failed)?,
    };
    // Whether the type is there at all is asked of the debug information as for any task.
    TaskLayout::new(program).map_err(failed)?;
    object(program, "thread_info", place)
}

/// `$container_of(PTR, "TYPE", "MEMBER")`.
fn container_of(program: &Program, context: &dyn Context, args: &[Value]) -> Result<Value> {
    let [pointer, ty, member] = args else {
        return Err(ExprError::msg("$container_of takes a pointer, a type and a member."));
    };
    let (ty, member) = (text(context, ty)?, text(context, member)?);
    let offset = program.evaluate(&format!("(unsigned long)&(({ty} *)0)->{member}"))?;
    let addr = integer(context, pointer)?.wrapping_sub(integer(context, &offset)?);
    let container = program.evaluate(&format!("({ty} *)0"))?;
    let long = Type::base("unsigned long", 8, Encoding::Unsigned);
    Ok(Value::from_bytes(long, addr.to_le_bytes().to_vec()).with_type(container.ty().clone()))
}
