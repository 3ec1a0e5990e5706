//! Commands about the Linux kernel that runs in the guest.

pub mod catch;
pub mod chkimg;
pub mod devices;
pub mod embedded;
pub mod kernel;
pub mod kmem;
pub mod locks;
pub mod log;
pub mod memory;
pub mod modules;
mod names;
pub mod oops;
pub mod process;
pub mod raw;
pub mod structure;
pub mod structures;
pub mod system;
mod task_list;
pub mod tasks;
pub mod timers;
pub mod walkers;

use crate::Shell;

/// Warns of something in the guest that is damaged; not when what could not be read has another reason, which is the command's error.
fn damaged(shell: &mut Shell, text: &str) {
    if !shell.session.is_connection_lost() {
        shell.out.warning(text);
    }
}
