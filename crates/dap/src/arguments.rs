//! The arguments of requests. What a request does not have is as if it were left out.

use serde::Deserialize;

/// A source file as the client names it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SourceName {
    pub(crate) path: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) source_reference: Option<i64>,
}

/// A breakpoint as the client wants it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct One {
    pub(crate) line: i64,
    pub(crate) name: String,
    pub(crate) instruction_reference: String,
    pub(crate) offset: i64,
    pub(crate) data_id: String,
    pub(crate) access_type: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) hit_condition: Option<String>,
    pub(crate) log_message: Option<String>,
}

/// Those of the requests about what stands still, and of those that begin and end a session.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Arguments {
    pub(crate) lines_start_at1: Option<bool>,
    pub(crate) columns_start_at1: Option<bool>,
    pub(crate) supports_memory_event: bool,
    pub(crate) supports_invalidated_event: bool,
    pub(crate) supports_progress_reporting: bool,
    pub(crate) terminate_debuggee: Option<bool>,
    pub(crate) suspend_debuggee: bool,
    pub(crate) thread_id: i64,
    pub(crate) granularity: Option<String>,
    pub(crate) target_id: Option<i64>,
    pub(crate) start_frame: usize,
    pub(crate) levels: usize,
    pub(crate) frame_id: Option<i64>,
    pub(crate) variables_reference: i64,
    pub(crate) filter: Option<String>,
    pub(crate) start: usize,
    pub(crate) count: usize,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) expression: String,
    pub(crate) context: Option<String>,
    pub(crate) format: serde_json::Value,
    pub(crate) as_address: bool,
    pub(crate) bytes: Option<u64>,
    pub(crate) text: String,
    pub(crate) column: usize,
    pub(crate) source: SourceName,
    pub(crate) breakpoints: Vec<One>,
    pub(crate) filters: Vec<String>,
    pub(crate) source_reference: i64,
    pub(crate) line: i64,
    pub(crate) end_line: Option<i64>,
    pub(crate) memory_reference: String,
    pub(crate) offset: i64,
    pub(crate) data: String,
    pub(crate) instruction_offset: i64,
    pub(crate) instruction_count: usize,
    pub(crate) resolve_symbols: bool,
    pub(crate) start_module: usize,
    pub(crate) module_count: usize,
}
