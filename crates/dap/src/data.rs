//! Memory, instructions and modules.

use crate::arguments::Arguments;
use crate::protocol::{Answer, Failure, Request, address, hex};
use crate::server::Server;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kdive_engine::SymbolState;
use serde_json::{Value, json};

/// Most memory read at once.
const MAX_MEMORY: u64 = 16 << 20;
/// Most instructions told at once.
const MAX_INSTRUCTIONS: usize = 10_000;

impl Server<'_> {
    pub(crate) fn read_memory(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let start = address(&wanted.memory_reference, wanted.offset)?;
        let count = (wanted.count as u64).min(MAX_MEMORY);
        let pieces = self.engine().read_memory(start, count)?;
        // What lies before a hole is told.
        let first = pieces.into_iter().next().filter(|piece| piece.addr == start);
        let bytes = first.map(|piece| piece.bytes).unwrap_or_default();
        let missing = count - (bytes.len() as u64).min(count);
        let mut body = json!({ "address": hex(start), "data": STANDARD.encode(&bytes) });
        if missing > 0 {
            body["unreadableBytes"] = missing.into();
        }
        Ok(body)
    }

    pub(crate) fn write_memory(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let start = address(&wanted.memory_reference, wanted.offset)?;
        let bytes =
            STANDARD.decode(&wanted.data).map_err(|_| Failure::new("arguments", "the data is not base64"))?;
        self.engine().write_memory(start, &bytes)?;
        self.engine().release_all();
        if self.client.memory_events {
            let body = json!({ "memoryReference": hex(start), "offset": 0, "count": bytes.len() });
            self.later("memory", body);
        }
        if self.client.invalidated_events {
            self.later("invalidated", json!({ "areas": ["all"] }));
        }
        Ok(json!({ "bytesWritten": bytes.len() }))
    }

    pub(crate) fn disassemble(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let start = address(&wanted.memory_reference, wanted.offset)?;
        let count = wanted.instruction_count.min(MAX_INSTRUCTIONS);
        let found = self.engine().disassemble_around(start, wanted.instruction_offset, count)?;
        let first = i64::from(!self.client.lines_from_1);
        let mut last_place = None;
        let instructions: Vec<Value> = found
            .into_iter()
            .map(|one| {
                let mut body = json!({
                    "address": hex(one.addr),
                    "instruction": one.text,
                });
                if one.bytes.is_empty() {
                    body["presentationHint"] = "invalid".into();
                } else {
                    let bytes: Vec<String> = one.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    body["instructionBytes"] = bytes.join(" ").into();
                }
                if let Some(function) = one.function.filter(|_| wanted.resolve_symbols) {
                    body["symbol"] = format!("{function}+{}", one.offset).into();
                }
                if let (Some(file), Some(line)) = (one.fullname, one.line) {
                    // Told where it changes.
                    if last_place != Some((file.clone(), line)) {
                        body["location"] = self.source_body(&file);
                        body["line"] = (i64::from(line) - first).into();
                        last_place = Some((file, line));
                    }
                }
                body
            })
            .collect();
        Ok(json!({ "instructions": instructions }))
    }

    fn module_bodies(&mut self) -> Vec<Value> {
        let modules = self.engine().symbol_files();
        modules
            .into_iter()
            .map(|module| {
                let mut body = json!({ "id": module.name, "name": module.name });
                if let Some(path) = module.path {
                    body["path"] = path.clone().into();
                    body["symbolFilePath"] = path.into();
                }
                body["symbolStatus"] = match module.symbols {
                    SymbolState::Debug => "Symbols loaded.".to_owned(),
                    SymbolState::Names => "Names only, without debug information.".to_owned(),
                    SymbolState::None(why) => format!("No symbols: {why}"),
                }
                .into();
                if let Some((start, end)) = module.range {
                    body["addressRange"] = format!("{start:#x}-{end:#x}").into();
                }
                body
            })
            .collect()
    }

    pub(crate) fn modules(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let all = self.module_bodies();
        let count = if wanted.module_count == 0 { all.len() } else { wanted.module_count };
        let page: Vec<&Value> = all.iter().skip(wanted.start_module).take(count).collect();
        Ok(json!({ "modules": page, "totalModules": all.len() }))
    }

    /// Tells which modules have come and gone since the client was told last.
    pub(crate) fn tell_modules(&mut self) {
        if self.engine().is_running() {
            return;
        }
        let now = self.module_bodies();
        let before = std::mem::replace(&mut self.sources.modules, now.clone());
        for module in now.iter().filter(|module| !before.contains(module)) {
            let is_known = before.iter().any(|old| old["id"] == module["id"]);
            let reason = if is_known { "changed" } else { "new" };
            self.tell("module", json!({ "reason": reason, "module": module }));
        }
        for module in before.iter().filter(|old| now.iter().all(|new| new["id"] != old["id"])) {
            self.tell("module", json!({ "reason": "removed", "module": module }));
        }
    }
}
