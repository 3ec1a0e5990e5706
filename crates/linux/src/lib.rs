//! What kdive knows about Linux.
