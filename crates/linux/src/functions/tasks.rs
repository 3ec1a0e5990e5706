//! Tasks, per-CPU variables, modules, and `$container_of()`, as scripts/gdb has them.

use super::call::{Call, pointer};
use super::{Lx, failed};
use crate::task::{TaskLayout, tasks};
use crate::{current_task, modules, per_cpu_offsets, selected_cpu};
use kdive_base::VirtAddr;
use kdive_expr::{Argument, Cpu, Expr, ExprError, Result};
use kdive_types::{Type, Value};

pub(super) const FUNCTIONS: &[Lx] = &[
    Lx { name: "lx_current", args: (0, 1), ty: task_type, run: current, ..Lx::EMPTY },
    Lx { name: "lx_task_by_pid", args: (1, 1), ty: task_type, run: task_by_pid, ..Lx::EMPTY },
    Lx { name: "lx_task_by_comm", args: (1, 1), ty: task_type, run: task_by_comm, ..Lx::EMPTY },
    Lx { name: "lx_per_cpu", args: (1, 2), templates: true, ty: own_type, run: per_cpu, ..Lx::EMPTY },
    Lx { name: "lx_per_cpu_ptr", args: (1, 2), templates: true, ty: own_type, run: per_cpu_ptr, ..Lx::EMPTY },
    Lx {
        name: "lx_module",
        args: (1, 1),
        ty: |call| Ok(call.kernel_type("module").ok()),
        run: module,
        ..Lx::EMPTY
    },
    Lx { name: "lx_thread_info", args: (1, 1), ty: info_type, run: thread_info, ..Lx::EMPTY },
    Lx { name: "lx_thread_info_by_pid", args: (1, 1), ty: info_type, run: thread_info_by_pid, ..Lx::EMPTY },
    Lx {
        name: "container_of",
        args: (3, 3),
        written: &[Argument::Value, Argument::Type, Argument::Member],
        ty: |call| Ok(Some(call.type_at(1)?.pointer_to())),
        run: container_of,
        ..Lx::EMPTY
    },
];

fn task_type(call: &Call<'_>) -> Result<Option<Type>> {
    Ok(call.kernel_type("task_struct").ok())
}

fn info_type(call: &Call<'_>) -> Result<Option<Type>> {
    Ok(call.kernel_type("thread_info").ok())
}

/// That of the first argument, which may be the name of a variable.
fn own_type(call: &Call<'_>) -> Result<Option<Type>> {
    let argument = call.arg(0)?;
    if argument.address().is_some() || argument.ty().strip().is_pointer() {
        return Ok(Some(argument.ty().clone()));
    }
    Ok(Some(Expr::parse(&call.text(0)?, call.program)?.type_of(call.program)?))
}

/// The CPU an argument names; without one, or for -1, the selected one.
fn cpu(call: &Call<'_>, at: usize) -> Result<usize> {
    let number = if at < call.args.len() { Some(call.integer(at)?) } else { None };
    match number.filter(|number| *number as i64 != -1) {
        Some(number) => {
            usize::try_from(number).map_err(|_| ExprError::msg(format!("There is no CPU {number}.")))
        }
        None => selected_cpu(call.program).ok_or_else(|| {
            ExprError::msg(
                "The selected CPU is none the kernel knows yet: name one, as in $lx_per_cpu(\"x\", 0).",
            )
        }),
    }
}

fn current(call: &Call<'_>) -> Result<Value> {
    // A selected task that no CPU runs is the one meant.
    let sleeping = call.program.machine().and_then(|machine| machine.sleeping_task());
    let task = match sleeping.filter(|_| call.args.is_empty()) {
        Some(task) => task,
        None => current_task(call.program, cpu(call, 0)?).map_err(failed)?,
    };
    call.object("task_struct", task)
}

fn find_by_pid(call: &Call<'_>) -> Result<VirtAddr> {
    let pid = call.integer(0)? as i64;
    let found = tasks(call.program, true).map_err(failed)?;
    let task = found.found.iter().find(|task| i64::from(task.pid) == pid);
    Ok(task.ok_or_else(|| ExprError::msg(format!("No task of PID {pid}")))?.addr)
}

fn task_by_pid(call: &Call<'_>) -> Result<Value> {
    call.object("task_struct", find_by_pid(call)?)
}

fn task_by_comm(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0)?;
    let found = tasks(call.program, true).map_err(failed)?;
    let task = found.found.iter().find(|task| task.comm == name);
    let task = task.ok_or_else(|| ExprError::msg(format!("No task is called {name}.")))?;
    call.object("task_struct", task.addr)
}

/// Offset of a CPU's per-CPU area.
fn area(call: &Call<'_>, cpu: usize) -> Result<u64> {
    let offsets = per_cpu_offsets(call.program).map_err(failed)?;
    let offset = offsets.get(cpu).copied();
    offset
        .ok_or_else(|| ExprError::msg(format!("There is no CPU {cpu}: the kernel counts {}.", offsets.len())))
}

/// The variable on a CPU. The argument is the variable, or its name as a string.
fn per_cpu(call: &Call<'_>) -> Result<Value> {
    let argument = call.arg(0)?;
    let offset = area(call, cpu(call, 1)?)?;
    let (addr, ty) = match argument.address().filter(|_| argument.is_lazy()) {
        Some(addr) => (addr, argument.ty().clone()),
        None => {
            let name = call.text(0)?;
            let variable = Expr::parse(&name, call.program)?.on(Cpu::Template).evaluate(call.program)?;
            let addr = variable.address().ok_or_else(|| ExprError::msg(format!("{name} has no address.")))?;
            (addr, variable.ty().clone())
        }
    };
    Ok(Value::at(ty, addr.offset(offset)))
}

fn per_cpu_ptr(call: &Call<'_>) -> Result<Value> {
    let offset = area(call, cpu(call, 1)?)?;
    let addr = call.integer(0)?.wrapping_add(offset);
    Ok(Value::from_bytes(call.arg(0)?.ty().clone(), addr.to_le_bytes().to_vec()))
}

fn module(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0)?;
    let found = modules(call.program).map_err(failed)?;
    let info = found.found.iter().find(|info| info.name == name);
    let info = info.ok_or_else(|| ExprError::msg(format!("No module {name} is loaded in the guest.")))?;
    call.object("module", info.addr)
}

fn thread_info(call: &Call<'_>) -> Result<Value> {
    info_of(call, call.structure(0, &["task_struct"])?)
}

fn thread_info_by_pid(call: &Call<'_>) -> Result<Value> {
    info_of(call, find_by_pid(call)?)
}

fn info_of(call: &Call<'_>, task: VirtAddr) -> Result<Value> {
    let task = crate::Object::of_struct(call.program, "task_struct", task).map_err(failed)?;
    // In the task itself since 4.9, before that at the bottom of its stack.
    let place = match task.member("thread_info") {
        Ok(info) => info.addr(),
        Err(_) => task.member("stack").and_then(|stack| stack.pointer()).map_err(failed)?,
    };
    // Whether the type is there at all is asked of the debug information as for any task.
    TaskLayout::new(call.program).map_err(failed)?;
    call.object("thread_info", place)
}

/// `$container_of(PTR, "TYPE", "MEMBER")`, also without the quotes.
fn container_of(call: &Call<'_>) -> Result<Value> {
    let ty = call.type_at(1)?;
    let offset = call.offset_in(&ty, 2)?;
    Ok(pointer(&ty, VirtAddr(call.integer(0)?.wrapping_sub(offset))))
}
