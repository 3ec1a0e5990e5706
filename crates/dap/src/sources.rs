//! Source files: where they are, and their text.

use crate::protocol::{Answer, Failure, Request};
use crate::server::Server;
use serde::Deserialize;
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
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default)]
        struct Wanted {
            source: Option<Value>,
            source_reference: i64,
        }
        let wanted: Wanted = request.parse()?;
        let of_source = wanted.source.as_ref().and_then(|source| source["path"].as_str()).map(str::to_owned);
        let name = self.sources.name(wanted.source_reference).or(of_source);
        let name = name.ok_or_else(|| Failure::new("arguments", "source names no file"))?;
        match self.engine().source_text(&name) {
            Ok(text) => Ok(json!({ "content": text.text, "mimeType": "text/x-c" })),
            Err(_) => Err(Failure::new(
                "source",
                format!(
                    "{name}: no such file; give the directory of the kernel's sources with \"directory DIR\" or \"set substitute-path FROM TO\""
                ),
            )),
        }
    }

    pub(crate) fn loaded_sources(&mut self) -> Answer {
        let files = self.engine().sources()?;
        let sources: Vec<Value> = files.into_iter().map(|file| self.source_body(&file.fullname)).collect();
        Ok(json!({ "sources": sources }))
    }

    /// Lines of a file of the client that have code.
    pub(crate) fn lines_of(&mut self, path: &str, first: u32, last: u32) -> Vec<i64> {
        for end in ends(path) {
            if let Ok(lines) = self.engine().breakable_lines(end, first, last)
                && !lines.is_empty()
            {
                return lines.into_iter().map(i64::from).collect();
            }
        }
        Vec::new()
    }

    /// Where the code of a line of a file of the client is.
    pub(crate) fn addresses_of(&mut self, path: &str, line: i64) -> Vec<u64> {
        for end in ends(path) {
            if let Ok(found) = self.engine().addresses(&format!("{end}:{line}"))
                && !found.is_empty()
            {
                return found;
            }
        }
        Vec::new()
    }
}

/// The ends of a path, the whole first: the kernel's files are known by their paths in its tree.
pub(crate) fn ends(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.match_indices('/').map(|(at, _)| path.get(at + 1..).unwrap_or_default());
    std::iter::once(path).chain(inner).filter(|end| !end.is_empty())
}
