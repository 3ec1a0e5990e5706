//! Scripted stubs and fixtures for the tests of kdive.

pub mod environment;
pub mod guest;
pub mod machine;
pub mod stub;
