//! Run control on a made-up computer.

mod breakpoints;
mod healing;
mod stepping;
mod tasks;
mod threads;
mod toy;
mod user_mode;
mod watching;
