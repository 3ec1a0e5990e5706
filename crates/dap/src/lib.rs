//! The Debug Adapter Protocol: what VS Code, Neovim, Emacs, Zed and Helix speak with a debugger.
//!
//! [`serve`] answers one client until it leaves. Everything is asked of the engine; only lines typed in the editor's console, and what
//! kdive has as commands only (`catch`, `analyze`), go through [`Console`].

mod arguments;
mod breakpoints;
mod data;
mod lifecycle;
mod protocol;
mod refs;
mod run;
mod server;
mod sources;
mod stack;
mod transport;
mod variables;

pub use server::serve;
pub use transport::read_message;

use kdive_engine::Console;
