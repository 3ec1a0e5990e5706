//! Run control of real programs on a simulated machine.

mod breakpoints;
mod healing;
mod image;
mod stepping;
#[path = "../../../commands/src/gdb/stop_words.rs"]
mod stop_words;
mod tasks;
mod threads;
mod toy;
mod user_mode;
mod watching;
