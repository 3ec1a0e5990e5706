//! GDB Remote Serial Protocol client, sans-IO.
