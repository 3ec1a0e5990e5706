//! The arguments of the tools.

use kdive_engine::Scope;
use serde::Deserialize;

/// A thread or task, and one of its frames.
#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Evaluate {
    pub(crate) expression: String,
    pub(crate) thread: Option<u32>,
    pub(crate) task: Option<u64>,
    pub(crate) frame: Option<usize>,
    pub(crate) from: usize,
    pub(crate) count: Option<usize>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Connect {
    pub(crate) target: String,
    pub(crate) program: Option<String>,
    pub(crate) module_path: Vec<String>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Command {
    pub(crate) command: String,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Backtrace {
    pub(crate) thread: Option<u32>,
    pub(crate) task: Option<u64>,
    pub(crate) from: usize,
    pub(crate) count: Option<usize>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tasks {
    pub(crate) name: Option<String>,
    pub(crate) state: Option<char>,
    pub(crate) from: usize,
    pub(crate) count: Option<usize>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    pub(crate) contains: Option<String>,
    pub(crate) count: Option<usize>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limited {
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Memory {
    pub(crate) address: String,
    pub(crate) count: Option<u64>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BreakAction {
    #[default]
    List,
    Set,
    Delete,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Breakpoints {
    pub(crate) action: BreakAction,
    pub(crate) location: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) temporary: bool,
    pub(crate) hardware: bool,
    pub(crate) pending: bool,
    pub(crate) number: Option<u32>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct More {
    pub(crate) from: usize,
}

/// The scope that arguments name.
pub(crate) fn scope(thread: Option<u32>, task: Option<u64>, frame: usize) -> Scope {
    Scope { thread, task, frame }
}
