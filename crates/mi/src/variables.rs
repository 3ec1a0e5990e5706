//! Variable objects: `-var-create` and its kin.

use crate::commands::{Outcome, Session, usage};
use crate::record::Fields;
use crate::stack::{Values, is_simple};
use kdive_engine::{Change, Scope, ValueFormat, VarId, VariableInfo, VariableUpdate};

pub use crate::varobj::VarObjects;

/// Children that are made for one command at most.
const MAX_CHILDREN: usize = 100_000;

/// Frames that are searched for one by its address.
const MAX_FRAMES: usize = 1000;

fn format_named(name: &str) -> Option<ValueFormat> {
    let formats = [
        ("natural", ValueFormat::Natural),
        ("binary", ValueFormat::Binary),
        ("decimal", ValueFormat::Decimal),
        ("hexadecimal", ValueFormat::Hexadecimal),
        ("octal", ValueFormat::Octal),
        ("zero-hexadecimal", ValueFormat::ZeroHexadecimal),
    ];
    formats.into_iter().find(|(full, _)| !name.is_empty() && full.starts_with(name)).map(|(_, format)| format)
}

fn format_name(format: ValueFormat) -> &'static str {
    match format {
        ValueFormat::Natural => "natural",
        ValueFormat::Binary => "binary",
        ValueFormat::Decimal => "decimal",
        ValueFormat::Hexadecimal => "hexadecimal",
        ValueFormat::Octal => "octal",
        ValueFormat::ZeroHexadecimal => "zero-hexadecimal",
    }
}

const FORMATS: &str = "Must specify the format as: \"natural\", \"binary\", \"decimal\", \"hexadecimal\", \"octal\" or \
                       \"zero-hexadecimal\"";

/// The value of an object: structures and arrays in short; nothing where there is none.
fn value_of(info: &VariableInfo) -> &str {
    if info.error.is_some() { "" } else { &info.summary }
}

fn object(fields: &mut Fields, name: &str, expression: Option<&str>, info: &VariableInfo, values: Values) {
    fields.field("name", name).optional("exp", expression).field("numchild", info.children);
    if values == Values::All || values == Values::Simple && is_simple(info) {
        fields.field("value", value_of(info));
    }
    fields.field("type", &info.ty).optional("thread-id", info.thread);
    if info.is_frozen {
        fields.field("frozen", 1);
    }
}

impl Session<'_> {
    /// A command about variable objects.
    pub fn variable_object(&mut self, command: &str, args: &[String]) -> Outcome {
        match command {
            "var-create" => return self.var_create(args),
            "var-delete" => return self.var_delete(args),
            "var-list-children" => return self.var_list_children(args),
            "var-update" => return self.var_update(args),
            "var-set-visualizer" => {
                return match args {
                    [name, what] if what == "None" || what == "gdb.default_visualizer" => {
                        self.client.variables.get(name)?;
                        Ok(Fields::new())
                    }
                    _ => Err("kdive has no pretty-printers in Python".to_owned()),
                };
            }
            "var-evaluate-expression" => return self.var_evaluate(args),
            _ => {}
        }
        let Some((name, rest)) = args.split_first() else {
            return usage(&format!(
                "-{command}: Usage: NAME{}.",
                if takes_value(command) { " VALUE" } else { "" }
            ));
        };
        if rest.is_empty() == takes_value(command) && command != "var-set-update-range" {
            return usage(&format!(
                "-{command}: Usage: NAME{}.",
                if takes_value(command) { " VALUE" } else { "" }
            ));
        }
        let object = self.client.variables.get(name)?.clone();
        let info = self.info(object.id)?;
        let mut fields = Fields::new();
        match (command, rest) {
            ("var-info-num-children", _) => fields.field("numchild", info.children).end(),
            ("var-info-expression", _) => fields.field("lang", "C").field("exp", object.expression).end(),
            ("var-info-path-expression", _) => fields.field("path_expr", info.expression).end(),
            ("var-info-type", _) => fields.field("type", info.ty).end(),
            ("var-show-attributes", _) => {
                fields.field("attr", if info.is_editable { "editable" } else { "noneditable" });
            }
            ("var-show-format", _) => fields.field("format", format_name(info.format)).end(),
            ("var-set-format", [format]) => {
                let format = format_named(format).ok_or(FORMATS)?;
                self.engine().set_format(object.id, format).map_err(|error| error.to_string())?;
                let info = self.info(object.id)?;
                fields.field("format", format_name(format)).field("value", value_of(&info));
            }
            ("var-assign", [value]) => {
                if !info.is_editable {
                    return Err("-var-assign: Variable object is not editable".to_owned());
                }
                let before = value_of(&info).to_owned();
                self.engine()
                    .set_variable(object.id, value)
                    .map_err(|_| "-var-assign: Could not assign expression to variable object".to_owned())?;
                let info = self.info(object.id)?;
                if value_of(&info) != before {
                    self.client.variables.assigned.insert(object.id);
                }
                fields.field("value", value_of(&info));
            }
            ("var-set-frozen", [frozen]) => {
                let frozen = match frozen.as_str() {
                    "0" => false,
                    "1" => true,
                    _ => return Err("Invalid flag value".to_owned()),
                };
                self.engine().set_frozen(object.id, frozen).map_err(|error| error.to_string())?;
            }
            ("var-set-update-range", [from, to]) => {
                let number = |text: &String| {
                    text.parse::<i64>().map_err(|_| format!("Invalid integer argument: {text}"))
                };
                let range = (number(from)?, number(to)?);
                self.client.variables.get_mut(name)?.range = range;
            }
            _ => return usage(&format!("-{command}: Usage: NAME VALUE.")),
        }
        Ok(fields)
    }

    fn info(&mut self, id: VarId) -> Result<VariableInfo, String> {
        self.engine().variable(id).map_err(|error| error.to_string())
    }

    fn var_create(&mut self, args: &[String]) -> Outcome {
        const FAILED: &str = "-var-create: unable to create variable object";
        let [name, frame, expression @ ..] = args else {
            return usage("-var-create: Usage: NAME FRAME EXPRESSION.");
        };
        if expression.is_empty() {
            return usage("-var-create: Usage: NAME FRAME EXPRESSION.");
        }
        let name = match name.as_str() {
            "-" => self.client.variables.fresh_name(),
            name if name.starts_with(|c: char| c.is_ascii_alphabetic()) => name.to_owned(),
            _ => return Err("-var-create: name of object must begin with a letter".to_owned()),
        };
        let expression = expression.join(" ");
        let scope = self.scope;
        let made = match frame.as_str() {
            "@" => self.engine().evaluate_floating(&expression),
            "*" => self.engine().evaluate(&scope, &expression),
            address => {
                let address =
                    self.number(address).map_err(|_| "-var-create: unable to create variable object")?;
                let scope = self.frame_at(address).ok_or(FAILED)?;
                self.engine().evaluate(&scope, &expression)
            }
        };
        let id = match made {
            Ok(id) => id,
            Err(error) => {
                let error = error.to_string();
                if error.starts_with("Attempt to use a type") {
                    self.channel().say(true, &format!("{error}.\n").replace("..", "."));
                }
                return Err(FAILED.to_owned());
            }
        };
        if self.client.variables.contains(&name) {
            self.engine().release(id);
            return Err("Duplicate variable object name".to_owned());
        }
        self.client.variables.add(&name, id, &expression, true);
        let info = self.info(id)?;
        let mut fields = Fields::new();
        object(&mut fields, &name, None, &info, Values::All);
        fields.field("has_more", 0);
        Ok(fields)
    }

    /// The frame whose frame pointer has this value.
    fn frame_at(&mut self, address: u64) -> Option<Scope> {
        let thread = self.scope.thread;
        (0..MAX_FRAMES).find_map(|level| {
            let scope = Scope::of(thread, level);
            let found = self.engine().address_of(&scope, "(unsigned long) $fp");
            match found {
                Ok(found) if found == address => Some(Some(scope)),
                Ok(_) => None,
                Err(_) => Some(None),
            }
        })?
    }

    fn var_delete(&mut self, args: &[String]) -> Outcome {
        let (children_only, name) = match args {
            [flag, name] if flag == "-c" => (true, name),
            [name] => (false, name),
            _ => return usage("-var-delete: Usage: [-c] EXPRESSION."),
        };
        let id = self.client.variables.get(name)?.id;
        let count = self.client.variables.remove(name, !children_only);
        if children_only {
            self.engine().release_children(id);
        } else {
            self.engine().release(id);
        }
        let mut fields = Fields::new();
        fields.field("ndeleted", count);
        Ok(fields)
    }

    fn var_list_children(&mut self, args: &[String]) -> Outcome {
        let words = "-var-list-children: Usage: [PRINT_VALUES] NAME [FROM TO]";
        let (values, name, range) = match args {
            [name] => (Values::None, name, None),
            [values, name] => (Values::parse(values)?, name, None),
            [name, from, to] => (Values::None, name, Some((from, to))),
            [values, name, from, to] => (Values::parse(values)?, name, Some((from, to))),
            _ => return usage(words),
        };
        let number = |text: &String| text.parse::<i64>().map_err(|_| words.to_owned());
        let object_of = self.client.variables.get(name)?.clone();
        let (from, to) = match range {
            Some((from, to)) => (number(from)?, number(to)?),
            None => object_of.range,
        };
        let all = self.info(object_of.id)?.children;
        let (from, to) = if from < 0 || to < 0 {
            (0, all)
        } else {
            let to = usize::try_from(to).unwrap_or(all).min(all);
            (usize::try_from(from).unwrap_or(0).min(to), to)
        };
        let count = (to - from).min(MAX_CHILDREN);
        let children =
            self.engine().children(object_of.id, from, count).map_err(|error| error.to_string())?;
        let mut fields = Fields::new();
        fields.field("numchild", children.len());
        let mut listed = Vec::new();
        for child in &children {
            let part =
                if child.is_anonymous { format!("{}_anonymous", child.index) } else { child.name.clone() };
            let full = format!("{name}.{part}");
            self.client.variables.add(&full, child.id, &child.name, false);
            listed.push((full, child.name.clone(), self.info(child.id)?));
        }
        if !listed.is_empty() {
            fields.list("children", |fields| {
                for (full, expression, info) in &listed {
                    fields.tuple("child", |fields| object(fields, full, Some(expression), info, values));
                }
            });
        }
        fields.field("has_more", u8::from(to < all));
        Ok(fields)
    }

    fn var_evaluate(&mut self, args: &[String]) -> Outcome {
        let words = "-var-evaluate-expression: Usage: [-f FORMAT] NAME";
        let (format, name) = match args {
            [name] => (None, name),
            [flag, format, name] if flag == "-f" => (Some(format_named(format).ok_or(FORMATS)?), name),
            _ => return usage(words),
        };
        let id = self.client.variables.get(name)?.id;
        let mut info = self.info(id)?;
        if let Some(format) = format {
            let before = info.format;
            let set = |session: &mut Self, format| {
                session.engine().set_format(id, format).map_err(|error| error.to_string())
            };
            set(self, format)?;
            info = self.info(id)?;
            set(self, before)?;
        }
        let mut fields = Fields::new();
        fields.field("value", value_of(&info));
        Ok(fields)
    }

    fn var_update(&mut self, args: &[String]) -> Outcome {
        let (values, name) = match args {
            [name] => (Values::None, name),
            [values, name] => (Values::parse(values)?, name),
            _ => return usage("-var-update: Usage: [PRINT_VALUES] NAME."),
        };
        let roots = match name.as_str() {
            "*" | "@" => self.client.variables.roots(),
            name => {
                self.client.variables.get(name)?;
                vec![name.to_owned()]
            }
        };
        let all = roots.len() != 1 || name == "*";
        let mut fields = Fields::new();
        let mut failure = None;
        fields.list("changelist", |fields| {
            for root in &roots {
                let updated = self.update_one(fields, root, values, all);
                failure = failure.take().or(updated.err());
            }
        });
        failure.map_or(Ok(fields), Err)
    }

    fn update_one(
        &mut self,
        fields: &mut Fields,
        root: &str,
        values: Values,
        all: bool,
    ) -> Result<(), String> {
        let id = self.client.variables.get(root)?.id;
        if all && self.info(id)?.is_frozen {
            return Ok(());
        }
        let mut updates = self.engine().update(id).map_err(|error| error.to_string())?;
        // What the client has assigned is told once, as in gdb.
        let prefix = format!("{root}.");
        for assigned in std::mem::take(&mut self.client.variables.assigned) {
            let Some(name) = self.client.variables.name_of(assigned) else { continue };
            if name != root && !name.starts_with(&prefix) {
                self.client.variables.assigned.insert(assigned);
            } else if updates.iter().all(|update| update.id != assigned) {
                updates.push(VariableUpdate { id: assigned, change: Change::Value });
            }
        }
        for update in updates {
            let Some(name) = self.client.variables.name_of(update.id).map(str::to_owned) else { continue };
            let info = self.info(update.id)?;
            if update.change == Change::Type {
                self.client.variables.remove(&name, false);
            }
            fields.tuple("", |fields| {
                fields.field("name", name);
                match update.change {
                    Change::OutOfScope => {
                        fields.field("in_scope", "false");
                    }
                    change => {
                        if values == Values::All || values == Values::Simple && is_simple(&info) {
                            fields.field("value", value_of(&info));
                        }
                        fields.field("in_scope", "true");
                        let typed = change == Change::Type;
                        fields.field("type_changed", typed);
                        if typed {
                            fields.field("new_type", &info.ty).field("new_num_children", info.children);
                        }
                    }
                }
                if update.change == Change::OutOfScope {
                    fields.field("type_changed", "false");
                }
                fields.field("has_more", 0);
            });
        }
        Ok(())
    }
}

fn takes_value(command: &str) -> bool {
    matches!(command, "var-set-format" | "var-assign" | "var-set-frozen" | "var-set-update-range")
}
