//! Source files: where they are, and their text.

use crate::arguments::Arguments;
use crate::protocol::{Answer, Failure, Request};
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;

/// Files the client cannot open itself, by number.
#[derive(Default)]
pub(crate) struct Sources {
    names: Vec<String>,
    /// Modules as the client knows them.
    pub(crate) modules: Vec<Value>,
}

impl Sources {
    pub(crate) fn name(&self, reference: i64) -> Option<String> {
        let index = usize::try_from(reference).ok()?.checked_sub(1)?;
        self.names.get(index).cloned()
    }

    fn reference(&mut self, name: &str) -> usize {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        at + 1
    }
}

impl Server<'_> {
    /// What is told of a source file. One that is not there has a number, so that the client asks and is told why.
    pub(crate) fn source_body(&mut self, path: &str) -> Value {
        let file = Path::new(path);
        let name =
            file.file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned());
        let mut body = json!({ "name": name, "path": path });
        if !file.exists() {
            body["sourceReference"] = self.sources.reference(path).into();
            body["presentationHint"] = "deemphasize".into();
        }
        body
    }

    pub(crate) fn source(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let name = self.sources.name(wanted.source_reference).or(wanted.source.path);
        let name = name.ok_or_else(|| Failure::new("arguments", "source names no file"))?;
        let text = self.engine().source_text(&name).map_err(|_| {
            let how =
                "\"directory DIR\" or \"set substitute-path FROM TO\" says where the kernel's sources are";
            Failure::new("source", format!("{name}: no such file; {how}"))
        })?;
        Ok(json!({ "content": text.text, "mimeType": "text/x-c" }))
    }

    pub(crate) fn loaded_sources(&mut self) -> Answer {
        let files = self.engine().sources()?;
        let sources: Vec<Value> = files.into_iter().map(|file| self.source_body(&file.fullname)).collect();
        Ok(json!({ "sources": sources }))
    }
}
