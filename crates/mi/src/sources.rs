//! Source files and symbols.

use crate::commands::{Outcome, Session, usage};
use crate::options::Options;
use crate::record::Fields;
use kdive_engine::{SymbolKind, SymbolQuery};

/// Symbols that are listed where no limit was named.
const MAX_SYMBOLS: usize = 10_000;

impl Session<'_> {
    /// `-file-list-exec-source-file`: where `list` would begin.
    pub fn source_file(&mut self) -> Outcome {
        const NONE: &str = "No symbol table is loaded.  Use the \"file\" command.";
        let at = self.engine().addresses("main").or_else(|_| self.engine().addresses("start_kernel"));
        let at = at.ok().and_then(|found| found.first().copied()).ok_or(NONE)?;
        let scope = self.scope;
        let here = self.engine().frame_info(&scope).ok().filter(|info| info.line.is_some());
        let info = here.unwrap_or_else(|| {
            let mut info = self.engine().place_of(at);
            info.line = info.line.map(|line| line.saturating_sub(9).max(1));
            info
        });
        let (Some(file), Some(line)) = (info.file, info.line) else { return usage(NONE) };
        let mut fields = Fields::new();
        fields.field("line", line).field("file", file).optional("fullname", info.fullname);
        fields.field("macro-info", 0);
        Ok(fields)
    }

    /// `-file-list-exec-source-files`.
    pub fn source_files(&mut self, args: &[String]) -> Outcome {
        let pattern = args.iter().find(|arg| !arg.starts_with('-'));
        let sources = self.engine().sources().map_err(|error| error.to_string())?;
        let mut fields = Fields::new();
        fields.list("files", |fields| {
            for source in &sources {
                if pattern.is_some_and(|pattern| !source.fullname.contains(pattern.as_str())) {
                    continue;
                }
                fields.tuple("", |fields| {
                    fields.field("file", &source.name).field("fullname", &source.fullname);
                    fields.field("debug-fully-read", "true");
                });
            }
        });
        Ok(fields)
    }

    /// `-symbol-list-lines`.
    pub fn list_lines(&mut self, args: &[String]) -> Outcome {
        let [file] = args else { return usage("-symbol-list-lines: Usage: SOURCE_FILENAME") };
        let lines = self.engine().source_lines(file);
        let lines = lines.map_err(|_| "-symbol-list-lines: Unknown source file name.".to_owned())?;
        let mut fields = Fields::new();
        fields.list("lines", |fields| {
            for line in &lines {
                fields.tuple("", |fields| {
                    fields.field("pc", format_args!("{:#018x}", line.addr)).field("line", line.line);
                });
            }
        });
        Ok(fields)
    }

    /// `-symbol-info-functions` and its kin.
    pub fn symbol_info(&mut self, command: &str, args: &[String]) -> Outcome {
        let kind = match command {
            "symbol-info-functions" => SymbolKind::Functions,
            "symbol-info-variables" => SymbolKind::Variables,
            _ => SymbolKind::Types,
        };
        let mut query =
            SymbolQuery { kind, name: None, ty: None, include_nondebug: false, most: MAX_SYMBOLS };
        let mut options = Options::new(command, args);
        let known =
            [("--include-nondebug", false), ("--type", true), ("--name", true), ("--max-results", true)];
        while let Some((name, value)) = options.next(&known)? {
            match name {
                "--include-nondebug" => query.include_nondebug = true,
                "--type" => query.ty = Some(value.to_owned()),
                "--name" => query.name = Some(value.to_owned()),
                _ => {
                    query.most =
                        value.parse().map_err(|_| format!("-{command}: invalid --max-results: {value}"))?
                }
            }
        }
        let found = self.engine().symbols(&query).map_err(|error| error.to_string())?;
        let mut fields = Fields::new();
        fields.tuple("symbols", |fields| {
            if !found.debug.is_empty() {
                fields.list("debug", |fields| {
                    for file in &found.debug {
                        fields.tuple("", |fields| {
                            fields
                                .optional("filename", file.file.as_ref())
                                .optional("fullname", file.fullname.as_ref());
                            fields.list("symbols", |fields| {
                                for symbol in &file.symbols {
                                    fields.tuple("", |fields| {
                                        fields.optional("line", symbol.line).field("name", &symbol.name);
                                        if kind != SymbolKind::Types {
                                            fields.field("type", &symbol.ty);
                                            fields.field("description", &symbol.declaration);
                                        }
                                    });
                                }
                            });
                        });
                    }
                });
            }
            if !found.nondebug.is_empty() {
                fields.list("nondebug", |fields| {
                    for (address, name) in &found.nondebug {
                        fields.tuple("", |fields| {
                            fields.field("address", format_args!("{address:#018x}")).field("name", name);
                        });
                    }
                });
            }
        });
        Ok(fields)
    }
}
