//! Scripted stubs and fixtures for the tests of kdive.

pub mod machine;
pub mod stub;
