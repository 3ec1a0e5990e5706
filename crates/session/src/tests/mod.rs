//! Run control of real programs on a simulated machine.

#[path = "../../../commands/src/gdb/breakpoint_words.rs"]
mod breakpoint_words;
mod breakpoints;
#[path = "../../../commands/src/gdb/event_words.rs"]
mod event_words;
mod healing;
mod image;
mod packets;
mod stepping;
#[path = "../../../commands/src/gdb/stop_words.rs"]
mod stop_words;
mod tasks;
mod threads;
mod toy;
mod user_mode;
mod watching;
