//! What kdive knows of a running Linux, against what the guest says itself.

mod both;
mod btf;
mod expressions;
mod guest;
mod kaslr;
mod memory;
mod modules;
mod oops;
mod patched;
mod running;
mod tasks;
