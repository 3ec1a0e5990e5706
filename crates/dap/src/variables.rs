//! Variables, and what is typed: values, watches, the console.

use crate::arguments::Arguments;
use crate::protocol::{Answer, Failure, Request, hex};
use crate::refs::Container;
use crate::server::Server;
use kdive_engine::{NamedVariable, ValueFormat, VarId, VariableInfo, VariableKind, Which};
use serde_json::{Value, json};

/// Most children told at once.
const MAX_CHILDREN: usize = 10_000;

impl Arguments {
    fn format(&self) -> ValueFormat {
        if self.format["hex"] == true { ValueFormat::Hexadecimal } else { ValueFormat::Natural }
    }
}

impl Server<'_> {
    pub(crate) fn variables(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        if wanted.filter.as_deref() == Some("named") && wanted.count == 0 && wanted.start > 0 {
            return Ok(json!({ "variables": [] }));
        }
        let found = self.children(&wanted)?;
        let mut bodies = Vec::with_capacity(found.len());
        for variable in found {
            if wanted.format() != ValueFormat::Natural {
                self.engine().set_format(variable.id, wanted.format())?;
            }
            bodies.push(self.variable_body(&variable)?);
        }
        Ok(json!({ "variables": bodies }))
    }

    fn children(&mut self, wanted: &Arguments) -> Result<Vec<NamedVariable>, Failure> {
        let count = if wanted.count == 0 { MAX_CHILDREN } else { wanted.count.min(MAX_CHILDREN) };
        let reference = wanted.variables_reference;
        let earlier =
            || Failure::new("arguments", format!("variablesReference {reference} is of an earlier stop"));
        let container = self.refs.get(reference).ok_or_else(earlier)?;
        let engine = self.engine();
        Ok(match container {
            Container::Frame(_) => Vec::new(),
            Container::Variable(id) => engine.children(id, wanted.start, count)?,
            Container::Arguments(scope) => engine.variables_of(&scope, Which::Arguments)?,
            Container::Locals(scope) => engine.variables_of(&scope, Which::Locals)?,
            Container::Registers(scope, group) => engine.register_variables(&scope, group)?,
            Container::PerCpu(scope) => engine.per_cpu_variables(&scope, wanted.start, count)?,
            Container::Globals(scope) => engine.globals_of(&scope, wanted.start, count)?,
        })
    }

    /// The variable of a list with the name that is asked for.
    fn child_named(&mut self, wanted: &Arguments) -> Result<VarId, Failure> {
        let all = Arguments { variables_reference: wanted.variables_reference, ..Arguments::default() };
        let found = self.children(&all)?.into_iter().find(|variable| variable.name == wanted.name);
        let missing = || Failure::new("arguments", format!("there is no variable {:?} here", wanted.name));
        found.map(|variable| variable.id).ok_or_else(missing)
    }

    fn variable_body(&mut self, variable: &NamedVariable) -> Answer {
        let info = self.engine().variable(variable.id)?;
        let mut body = self.value_body(&info, "value");
        body["name"] = variable.name.clone().into();
        Ok(body)
    }

    /// What is told of a value, its text with the name `key`.
    fn value_body(&mut self, info: &VariableInfo, key: &str) -> Value {
        let value = match &info.error {
            Some(error) => format!("<{error}>"),
            None => info.value.clone(),
        };
        let reference = if info.children > 0 { self.refs.container(Container::Variable(info.id)) } else { 0 };
        let mut body = json!({
            (key): value,
            "type": info.ty,
            "variablesReference": reference,
        });
        if !info.expression.is_empty() {
            body["evaluateName"] = info.expression.clone().into();
        }
        if let Some(addr) = info.points_to.or(info.address) {
            body["memoryReference"] = hex(addr).into();
        }
        if info.kind == VariableKind::Array {
            body["indexedVariables"] = info.children.into();
        } else if info.children > 0 {
            body["namedVariables"] = info.children.into();
        }
        let hints = [(!info.is_editable, "readOnly"), (info.error.is_some(), "failedEvaluation")];
        let attributes: Vec<&str> = hints.into_iter().filter(|hint| hint.0).map(|hint| hint.1).collect();
        if !attributes.is_empty() {
            body["presentationHint"] = json!({ "attributes": attributes });
        }
        body
    }

    pub(crate) fn set_variable(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let id = self.child_named(&wanted)?;
        self.assign(id, &wanted)
    }

    pub(crate) fn set_expression(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let scope = self.frame_scope(wanted.frame_id)?;
        let id = self.engine().evaluate(&scope, &wanted.expression)?;
        self.assign(id, &wanted)
    }

    fn assign(&mut self, id: VarId, wanted: &Arguments) -> Answer {
        self.engine().set_variable(id, &wanted.value)?;
        if wanted.format() != ValueFormat::Natural {
            self.engine().set_format(id, wanted.format())?;
        }
        let info = self.engine().variable(id)?;
        let body = self.value_body(&info, "value");
        if self.client.memory_events
            && let (Some(addr), Some(size)) = (info.address, info.size)
        {
            let body = json!({ "memoryReference": hex(addr), "offset": 0, "count": size });
            self.later("memory", body);
        }
        Ok(body)
    }

    pub(crate) fn evaluate(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        if wanted.context.as_deref() == Some("repl") {
            return self.command(&wanted);
        }
        let scope = self.frame_scope(wanted.frame_id)?;
        let id = self.engine().evaluate(&scope, &wanted.expression)?;
        if wanted.format() != ValueFormat::Natural {
            self.engine().set_format(id, wanted.format())?;
        }
        let info = self.engine().variable(id)?;
        if let (Some(error), false) = (&info.error, info.children > 0) {
            return Err(Failure::new("value", error.clone()));
        }
        Ok(self.value_body(&info, "result"))
    }

    /// A line typed in the editor's console: any command of kdive, in the frame that the editor shows.
    fn command(&mut self, wanted: &Arguments) -> Answer {
        if let Some(frame) = wanted.frame_id {
            let scope = self.frame_scope(Some(frame))?;
            self.engine().select_scope(&scope)?;
        }
        let stops = self.engine().stops();
        let answer = self.console.command(&wanted.expression);
        let mut text: String = answer.text.iter().map(|piece| piece.text.as_str()).collect();
        if self.engine().stops() != stops {
            self.forget();
            if self.engine().target().is_some() {
                let body = self.stop_body("step", None);
                self.later("continued", json!({ "threadId": body["threadId"], "allThreadsContinued": true }));
                self.later("stopped", body);
            } else {
                self.later("terminated", json!({}));
            }
        } else if self.client.invalidated_events {
            self.later("invalidated", json!({ "areas": ["variables"] }));
        }
        if answer.exit.is_some() {
            self.later("terminated", json!({}));
        }
        match answer.error {
            Some(error) => {
                text.push_str(&error);
                Err(Failure::new("command", text))
            }
            None => Ok(json!({ "result": text.trim_end_matches('\n'), "variablesReference": 0 })),
        }
    }

    pub(crate) fn completions(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let before = wanted.column.saturating_sub(usize::from(self.client.columns_from_1));
        // Columns count UTF-16 units.
        let mut units = 0;
        let end = wanted.text.char_indices().find(|(_, c)| {
            units += c.len_utf16();
            units > before
        });
        let line = wanted.text.get(..end.map_or(wanted.text.len(), |(at, _)| at)).unwrap_or_default();
        let (start, words) = self.console.complete(line);
        let start_units = line.get(..start).unwrap_or_default().encode_utf16().count();
        let length = before.saturating_sub(start_units);
        let targets: Vec<Value> = words
            .into_iter()
            .take(MAX_CHILDREN)
            .map(|word| {
                let column = start_units + usize::from(self.client.columns_from_1);
                json!({ "label": word, "text": word, "start": column, "length": length })
            })
            .collect();
        Ok(json!({ "targets": targets }))
    }

    /// Why the kernel is in trouble: what `analyze` says.
    pub(crate) fn exception_info(&mut self) -> Answer {
        let answer = self.console.command("analyze");
        let text: String = answer.text.iter().map(|piece| piece.text.as_str()).collect();
        if let Some(error) = answer.error {
            return Ok(json!({ "exceptionId": "stop", "description": error, "breakMode": "always" }));
        }
        let first = text.lines().next().unwrap_or("stop");
        Ok(json!({
            "exceptionId": first,
            "description": text,
            "breakMode": "always",
            "details": { "message": first, "stackTrace": text },
        }))
    }

    /// Whether a variable can be watched, and by what name it is.
    pub(crate) fn data_breakpoint_info(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let all = ["read", "write", "readWrite"];
        if wanted.as_address {
            let addr = crate::protocol::address(&wanted.name, 0)?;
            let size = wanted.bytes.unwrap_or(8).clamp(1, 64);
            let id = format!("*(char (*)[{size}]) {addr:#x}");
            return Ok(
                json!({ "dataId": id, "description": format!("{size} bytes at {addr:#x}"), "accessTypes": all }),
            );
        }
        let id = if wanted.variables_reference == 0 {
            let scope = self.frame_scope(wanted.frame_id)?;
            self.engine().evaluate(&scope, &wanted.name)?
        } else {
            self.child_named(&wanted)?
        };
        let info = self.engine().variable(id)?;
        let Some((expression, addr, size)) = info.to_watch() else {
            let text = format!("{} has no place in memory that could be watched", wanted.name);
            return Ok(json!({ "dataId": null, "description": text }));
        };
        let text = format!("{} ({size} bytes at {addr:#x})", wanted.name);
        Ok(json!({ "dataId": expression, "description": text, "accessTypes": all, "canPersist": false }))
    }
}
