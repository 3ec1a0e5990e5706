//! What has changed since it was told last: breakpoints, modules, the place of the kernel.

use kdive_engine::{BreakpointInfo, Engine, SymbolFileInfo};
use serde_json::{Value, json};

/// What was told last.
#[derive(Default)]
pub(crate) struct Known {
    breakpoints: Vec<BreakpointInfo>,
    files: Vec<String>,
    kernel: Option<(u64, u64)>,
}

impl Known {
    /// The events of what has changed.
    pub(crate) fn changes(&mut self, engine: &mut Engine) -> Vec<(&'static str, Value)> {
        let mut events = Vec::new();
        let kernel = engine.kernel_place();
        if let Some((start, slide)) = kernel.filter(|_| kernel != self.kernel) {
            let place = json!({ "start": format!("{start:#x}"), "slide": format!("{slide:#x}") });
            events.push(("kernel-found", place));
        }
        self.kernel = kernel;
        self.files(engine, &mut events);
        self.breakpoints(engine, &mut events);
        events
    }

    fn files(&mut self, engine: &mut Engine, events: &mut Vec<(&'static str, Value)>) {
        let now = engine.module_files();
        if now == self.files {
            return;
        }
        let old = std::mem::replace(&mut self.files, now.clone());
        for path in old.iter().filter(|path| !now.contains(path)) {
            events.push(("module-unloaded", json!({ "path": path })));
        }
        let infos = engine.loaded_files();
        for path in now.iter().filter(|path| !old.contains(path)) {
            let of = |info: &&SymbolFileInfo| info.path.as_ref() == Some(path);
            if let Some(info) = infos.iter().find(of) {
                events.push(("module-loaded", json!(info)));
            }
        }
    }

    fn breakpoints(&mut self, engine: &Engine, events: &mut Vec<(&'static str, Value)>) {
        let now = engine.breakpoint_list();
        let old = std::mem::replace(&mut self.breakpoints, now);
        for shown in &self.breakpoints {
            match old.iter().find(|before| before.number == shown.number) {
                None => events.push(("breakpoint-created", json!(shown))),
                Some(before) if before != shown => events.push(("breakpoint-changed", json!(shown))),
                Some(_) => {}
            }
        }
        for before in old.iter().filter(|old| self.breakpoints.iter().all(|now| now.number != old.number)) {
            events.push(("breakpoint-deleted", json!({ "number": before.number })));
        }
    }
}
