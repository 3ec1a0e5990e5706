//! Run control on a made-up computer.

mod breakpoints;
mod healing;
mod stepping;
#[path = "../../../commands/src/gdb/stop_words.rs"]
mod stop_words;
mod tasks;
mod threads;
mod toy;
mod user_mode;
mod watching;
