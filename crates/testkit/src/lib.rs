//! Scripted stubs and fixtures for the tests of kdive.

pub mod environment;
pub mod machine;
pub mod stub;
