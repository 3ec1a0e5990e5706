//! What can be debugged: a remote stub with caches over it.
