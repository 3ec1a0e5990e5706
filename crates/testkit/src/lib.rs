//! Scripted stubs and fixtures for the tests of kdive.
