//! Commands whose result is data.

use crate::words::{count, examine};
use kdive_engine::{Engine, Error, NamedVariable, Scope, ValueFormat, VarId, VariableInfo, Which};
use serde_json::{Value, json};

/// Frames of a stack that are given at most when nobody says how many.
const MAX_FRAMES: usize = 1000;
/// Children of a value that are given.
const MAX_CHILDREN: usize = 200;
/// Bytes that `x` gives at most.
const MAX_BYTES: u64 = 1 << 20;

/// The kind of a result, and its data.
pub(crate) type Data = (&'static str, Value);

/// Answers a command with data; `None` for one that is answered with text. `name` is its whole name.
pub(crate) fn of_command(engine: &mut Engine, name: &str, arguments: &str) -> Option<Result<Data, Error>> {
    Some(match (name, arguments) {
        ("backtrace", _) => frames(engine, count(arguments)?),
        ("ps" | "lx-ps", "") => engine.tasks().map(|tasks| ("tasks", json!(tasks))),
        ("info modules" | "lx-lsmod", "") => Ok(("modules", json!({ "modules": engine.kernel_modules() }))),
        ("info kernel", "") => Ok(("kernel", json!(engine.kernel()))),
        ("info breakpoints", "") => Ok(breakpoints(engine, |_| true)),
        ("info threads", "") => Ok(("threads", json!({ "threads": engine.threads() }))),
        ("info registers", _) => registers(engine, arguments),
        ("info locals", "") => variables(engine, Which::Locals),
        ("info args", "") => variables(engine, Which::Arguments),
        ("lx-dmesg" | "log", _) => {
            let most = count(arguments)?.unwrap_or(usize::MAX);
            engine.log(most).map(|log| ("log", json!(log)))
        }
        ("analyze", "") => engine.analyze().map(|found| ("analysis", json!({ "report": found }))),
        ("x", _) => memory(engine, arguments)?,
        _ => return None,
    })
}

/// The breakpoints that are asked for.
pub(crate) fn breakpoints(engine: &Engine, wanted: impl Fn(u32) -> bool) -> Data {
    let list = engine.breakpoint_list().into_iter().filter(|shown| wanted(shown.number));
    ("breakpoints", json!({ "breakpoints": list.collect::<Vec<_>>() }))
}

fn frames(engine: &mut Engine, wanted: Option<usize>) -> Result<Data, Error> {
    let wanted = wanted.unwrap_or(MAX_FRAMES);
    let mut frames = engine.stack_of(&Scope::default(), 0, wanted.saturating_add(1))?;
    let more = frames.len() > wanted;
    frames.truncate(wanted);
    Ok(("frames", json!({ "frames": frames, "more": more })))
}

fn registers(engine: &mut Engine, names: &str) -> Result<Data, Error> {
    let scope = selected(engine);
    let all = engine.registers()?;
    let mut numbers = Vec::new();
    for name in names.split([' ', ',']).filter(|name| !name.is_empty()) {
        let name = name.trim_start_matches('$');
        // Roles have other names in the list.
        let name = match name {
            "pc" => "rip",
            "sp" => "rsp",
            "fp" => "rbp",
            name => name,
        };
        let found = all.iter().find(|register| register.name == name);
        numbers.push(found.ok_or_else(|| Error::NoRegister(name.to_owned()))?.number);
    }
    if numbers.is_empty() {
        let general = all.iter().filter(|register| register.group == kdive_engine::RegisterGroup::General);
        numbers.extend(general.map(|register| register.number));
    }
    let values = engine.register_values(&scope, Some(&numbers), ValueFormat::Natural)?;
    Ok(("registers", json!({ "registers": values })))
}

fn selected(engine: &Engine) -> Scope {
    Scope { frame: engine.program().selected_level(), ..Scope::default() }
}

fn variables(engine: &mut Engine, which: Which) -> Result<Data, Error> {
    let named = engine.variables_of(&selected(engine), which)?;
    let values: Result<Vec<Value>, Error> = named.iter().map(|one| variable(engine, one.id)).collect();
    for one in &named {
        engine.release(one.id);
    }
    Ok(("variables", json!({ "variables": values? })))
}

/// The value recorded last, after `print`.
pub(crate) fn last_value(engine: &mut Engine) -> Result<Data, Error> {
    let name = format!("${}", engine.history_len());
    let id = engine.evaluate(&selected(engine), &name)?;
    let value = variable(engine, id);
    engine.release(id);
    Ok(("value", value?))
}

fn fields(info: &VariableInfo, name: &str) -> Value {
    json!({
        "name": name,
        "type": info.ty,
        "kind": info.kind,
        "value": info.value,
        "error": info.error,
        "address": info.address.map(|addr| format!("{addr:#x}")),
        "points_to": info.points_to.map(|addr| format!("{addr:#x}")),
        "size": info.size,
    })
}

/// A variable with its members or elements; what a pointer points to is not read.
fn variable(engine: &mut Engine, id: VarId) -> Result<Value, Error> {
    let info = engine.variable(id)?;
    let mut value = fields(&info, &info.name);
    let has_members = !matches!(info.kind, kdive_engine::VariableKind::Pointer);
    let count = if has_members { info.children } else { 0 };
    let children: Vec<NamedVariable> =
        if count > 0 { engine.children(id, 0, count.min(MAX_CHILDREN))? } else { Vec::new() };
    let members: Result<Vec<Value>, Error> =
        children.iter().map(|child| Ok(fields(&engine.variable(child.id)?, &child.name))).collect();
    value["children"] = members?.into();
    value["children_left_out"] = count.saturating_sub(children.len()).into();
    Ok(value)
}

fn memory(engine: &mut Engine, arguments: &str) -> Option<Result<Data, Error>> {
    let wanted = examine(arguments)?;
    let scope = selected(engine);
    let addr = match engine.address_of(&scope, &wanted.address) {
        Ok(addr) => addr,
        Err(error) => return Some(Err(error)),
    };
    if wanted.letter == 'i' {
        let count = usize::try_from(wanted.count).ok()?;
        return Some(
            engine
                .disassemble_count(addr, count)
                .map(|found| ("instructions", json!({ "instructions": found }))),
        );
    }
    let size = wanted.size.unwrap_or(4);
    let bytes = wanted.count.checked_mul(size).filter(|bytes| *bytes <= MAX_BYTES);
    let Some(bytes) = bytes else {
        let asked = wanted.count.saturating_mul(size);
        return Some(Err(Error::TooMuch { asked, most: MAX_BYTES }));
    };
    Some(engine.read_memory(addr, bytes).map(|pieces| {
        ("memory", json!({ "address": format!("{addr:#x}"), "length": bytes, "pieces": pieces }))
    }))
}
