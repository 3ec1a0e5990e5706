//! Variables, and what is typed: values, watches, the console.

use crate::protocol::{Answer, Failure, Request, event, hex};
use crate::refs::Container;
use crate::server::Server;
use kdive_engine::{NamedVariable, ValueFormat, VarId, VariableInfo, VariableKind, Which};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most children told at once.
const MAX_CHILDREN: usize = 10_000;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Format {
    hex: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Variables {
    variables_reference: i64,
    filter: Option<String>,
    start: usize,
    count: usize,
    name: String,
    value: String,
    expression: String,
    frame_id: Option<i64>,
    context: Option<String>,
    format: Option<Format>,
}

impl Variables {
    fn format(&self) -> ValueFormat {
        match &self.format {
            Some(format) if format.hex => ValueFormat::Hexadecimal,
            _ => ValueFormat::Natural,
        }
    }
}

impl Server<'_> {
    pub(crate) fn variables(&mut self, request: &Request) -> Answer {
        self.must_stand()?;
        let wanted: Variables = request.parse()?;
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

    fn container(&self, reference: i64) -> Result<Container, Failure> {
        self.refs.get(reference).ok_or_else(|| {
            Failure::new("arguments", format!("variablesReference {reference} is of an earlier stop"))
        })
    }

    fn children(&mut self, wanted: &Variables) -> Result<Vec<NamedVariable>, Failure> {
        let count = if wanted.count == 0 { MAX_CHILDREN } else { wanted.count.min(MAX_CHILDREN) };
        let container = self.container(wanted.variables_reference)?;
        let engine = self.engine();
        let all = match container {
            Container::Variable(id) => return Ok(engine.children(id, wanted.start, count)?),
            Container::Arguments(scope) => engine.variables_of(&scope, Which::Arguments)?,
            Container::Locals(scope) => engine.variables_of(&scope, Which::Locals)?,
            Container::Registers(scope, group) => engine.register_variables(&scope, group)?,
            Container::PerCpu(scope) => engine.per_cpu_variables(&scope, wanted.start, count)?,
            Container::Globals(scope) => engine.globals_of(&scope, wanted.start, count)?,
        };
        Ok(all)
    }

    fn variable_body(&mut self, variable: &NamedVariable) -> Answer {
        let info = self.engine().variable(variable.id)?;
        let mut body = self.value_body(&info);
        body["name"] = variable.name.clone().into();
        body["value"] = body["result"].take();
        if let Some(object) = body.as_object_mut() {
            object.remove("result");
        }
        Ok(body)
    }

    /// What is told of a value, as the result of an evaluation.
    fn value_body(&mut self, info: &VariableInfo) -> Value {
        let value = match &info.error {
            Some(error) => format!("<{error}>"),
            None => info.value.clone(),
        };
        let reference = if info.children > 0 { self.refs.container(Container::Variable(info.id)) } else { 0 };
        let mut body = json!({
            "result": value,
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
        let mut attributes = Vec::new();
        if !info.is_editable {
            attributes.push("readOnly");
        }
        if info.error.is_some() {
            attributes.push("failedEvaluation");
        }
        if !attributes.is_empty() {
            body["presentationHint"] = json!({ "attributes": attributes });
        }
        body
    }

    pub(crate) fn set_variable(&mut self, request: &Request) -> Answer {
        self.must_stand()?;
        let wanted: Variables = request.parse()?;
        let all = Variables { variables_reference: wanted.variables_reference, ..Variables::default() };
        let found = self.children(&all)?.into_iter().find(|variable| variable.name == wanted.name);
        let found = found.ok_or_else(|| {
            Failure::new("arguments", format!("there is no variable {:?} here", wanted.name))
        })?;
        self.assign(found.id, &wanted)
    }

    pub(crate) fn set_expression(&mut self, request: &Request) -> Answer {
        self.must_stand()?;
        let wanted: Variables = request.parse()?;
        let scope = self.frame_scope(wanted.frame_id)?;
        let id = self.engine().evaluate(&scope, &wanted.expression)?;
        self.assign(id, &wanted)
    }

    fn assign(&mut self, id: VarId, wanted: &Variables) -> Answer {
        self.engine().set_variable(id, &wanted.value)?;
        if wanted.format() != ValueFormat::Natural {
            self.engine().set_format(id, wanted.format())?;
        }
        let info = self.engine().variable(id)?;
        let mut body = self.value_body(&info);
        body["value"] = body["result"].take();
        if let Some(object) = body.as_object_mut() {
            object.remove("result");
        }
        if self.client.memory_events
            && let (Some(addr), Some(size)) = (info.address, info.size)
        {
            let body = json!({ "memoryReference": hex(addr), "offset": 0, "count": size });
            self.after.push(event("memory", body));
        }
        Ok(body)
    }

    pub(crate) fn evaluate(&mut self, request: &Request) -> Answer {
        let wanted: Variables = request.parse()?;
        if wanted.context.as_deref() == Some("repl") {
            return self.command(&wanted);
        }
        self.must_stand()?;
        let scope = self.frame_scope(wanted.frame_id)?;
        let id = self.engine().evaluate(&scope, &wanted.expression)?;
        if wanted.format() != ValueFormat::Natural {
            self.engine().set_format(id, wanted.format())?;
        }
        let info = self.engine().variable(id)?;
        if let (Some(error), false) = (&info.error, info.children > 0) {
            return Err(Failure::new("value", error.clone()));
        }
        Ok(self.value_body(&info))
    }

    /// A line typed in the editor's console: any command of kdive, in the frame that the editor shows.
    fn command(&mut self, wanted: &Variables) -> Answer {
        self.must_stand()?;
        if let Some(frame) = wanted.frame_id {
            let scope = self.frame_scope(Some(frame))?;
            self.engine().select_scope(&scope)?;
        }
        let stops = self.engine().stops();
        let answer = self.console.command(&wanted.expression);
        let mut text: String = answer.text.iter().map(|piece| piece.text.as_str()).collect();
        if self.engine().stops() != stops {
            self.refs.forget();
            self.engine().release_all();
            if self.engine().target().is_some() {
                let body = self.stop_body("step", None);
                self.after.push(event(
                    "continued",
                    json!({ "threadId": body["threadId"], "allThreadsContinued": true }),
                ));
                self.after.push(event("stopped", body));
            } else {
                self.after.push(event("terminated", json!({})));
            }
        } else if self.client.invalidated_events {
            self.after.push(event("invalidated", json!({ "areas": ["variables"] })));
        }
        if answer.exit.is_some() {
            self.after.push(event("terminated", json!({})));
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
        #[derive(Deserialize)]
        struct Completions {
            text: String,
            column: usize,
        }
        let wanted: Completions = request.parse()?;
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
        self.must_stand()?;
        let answer = self.console.command("analyze");
        let text: String = answer.text.iter().map(|piece| piece.text.as_str()).collect();
        let first = text.lines().next().unwrap_or("stop").to_owned();
        if let Some(error) = answer.error {
            return Ok(json!({ "exceptionId": "stop", "description": error, "breakMode": "always" }));
        }
        Ok(json!({
            "exceptionId": first,
            "description": text,
            "breakMode": "always",
            "details": { "message": first, "stackTrace": text },
        }))
    }

    /// Whether a variable can be watched, and by what name it is.
    pub(crate) fn data_breakpoint_info(&mut self, request: &Request) -> Answer {
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default)]
        struct Info {
            variables_reference: Option<i64>,
            name: String,
            frame_id: Option<i64>,
            as_address: bool,
            bytes: Option<u64>,
        }
        self.must_stand()?;
        let wanted: Info = request.parse()?;
        let all = ["read", "write", "readWrite"];
        if wanted.as_address {
            let addr = crate::protocol::address(&wanted.name, 0)?;
            let size = wanted.bytes.unwrap_or(8).clamp(1, 64);
            let id = format!("*(char (*)[{size}]) {addr:#x}");
            return Ok(
                json!({ "dataId": id, "description": format!("{size} bytes at {addr:#x}"), "accessTypes": all }),
            );
        }
        let id = match wanted.variables_reference.filter(|&reference| reference != 0) {
            Some(reference) => {
                let list = Variables { variables_reference: reference, ..Variables::default() };
                let found = self.children(&list)?.into_iter().find(|variable| variable.name == wanted.name);
                found.map(|variable| variable.id).ok_or_else(|| {
                    Failure::new("arguments", format!("there is no variable {:?} here", wanted.name))
                })?
            }
            None => {
                let scope = self.frame_scope(wanted.frame_id)?;
                self.engine().evaluate(&scope, &wanted.name)?
            }
        };
        let info = self.engine().variable(id)?;
        let (Some(addr), Some(size)) = (info.address, info.size.filter(|size| (1..=64).contains(size)))
        else {
            let text = format!("{} has no place in memory that could be watched", wanted.name);
            return Ok(json!({ "dataId": null, "description": text }));
        };
        let expression = match info.kind {
            VariableKind::Scalar => format!("*({} *) {addr:#x}", info.ty),
            VariableKind::Pointer => format!("*(void **) {addr:#x}"),
            _ => format!("*(char (*)[{size}]) {addr:#x}"),
        };
        let text = format!("{} ({size} bytes at {addr:#x})", wanted.name);
        Ok(json!({ "dataId": expression, "description": text, "accessTypes": all, "canPersist": false }))
    }
}
