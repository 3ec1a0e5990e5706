//! What kdive knows of a running Linux, against what the guest says itself.

mod both;
mod btf;
mod crash;
mod devices;
mod expressions;
mod guest;
mod hostile;
mod kaslr;
mod memory;
mod modules;
mod oops;
mod patched;
mod running;
mod tasks;
