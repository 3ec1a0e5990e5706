//! What kdive knows of a running Linux, against what the guest says itself.

/// Tests on both kernels: a function `name` that takes the series becomes `name::on_6_1` and `name::on_6_12`.
macro_rules! on_both_kernels {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn on_6_1() {
                super::$name(None);
            }

            #[test]
            fn on_6_12() {
                super::$name(Some("6.12"));
            }
        }
    )*};
}

mod both;
mod btf;
mod calls;
mod crash;
mod devices;
mod engine;
mod expressions;
pub(crate) mod guest;
mod hostile;
mod kaslr;
mod kgdb;
mod lost;
mod memory;
mod modules;
mod oops;
mod patched;
mod programs;
mod running;
mod tasks;
mod traced;
mod words;
