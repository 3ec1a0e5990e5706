//! What kdive knows of a running Linux, against what the guest says itself.

mod both;
mod crash;
mod devices;
mod guest;
mod hostile;
mod kaslr;
mod memory;
mod modules;
mod oops;
mod tasks;
