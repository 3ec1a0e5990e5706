//! Run control: breakpoints, stepping, events.
