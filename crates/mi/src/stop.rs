//! The record of a stop.

use crate::record::Fields;
use crate::stack;
use kdive_engine::{Engine, Hit, HitKind, Scope, Show, Stop, StopReason, WatchKind, known_signal};

/// Name and meaning of a signal.
pub fn signal(number: u8) -> (String, String) {
    match known_signal(number) {
        _ if number == 0 => ("0".to_owned(), "Signal 0".to_owned()),
        Some((name, meaning)) => (name.into_owned(), meaning.into_owned()),
        None => ("?".to_owned(), "Unknown signal".to_owned()),
    }
}

/// Whether a person is shown the stop too: not the end of a step that the client asked for.
pub fn is_for_people(stop: &Stop) -> bool {
    let is_expected = |reason: &StopReason| {
        matches!(reason, StopReason::StepDone | StopReason::LocationReached | StopReason::Finished)
    };
    !stop.reasons.iter().all(is_expected) || stop.reasons.is_empty()
}

/// `*stopped,...`. `disposition` is what happens to a breakpoint that was hit.
pub fn record(engine: &mut Engine, stop: &Stop, disposition: impl Fn(u32) -> &'static str) -> String {
    if stop.show == Show::Nothing {
        return "*stopped".to_owned();
    }
    let mut fields = Fields::new();
    // A breakpoint on the way says more than the end of a step.
    let hit = stop
        .reasons
        .iter()
        .find(|reason| matches!(reason, StopReason::Hit(_) | StopReason::WatchScopeEnd(_)));
    match hit.or_else(|| stop.reasons.first()) {
        Some(StopReason::Hit(hit)) => hit_fields(&mut fields, hit, disposition),
        Some(reason) => reason_fields(&mut fields, reason),
        None => {}
    }
    if let Ok(info) = engine.frame_info(&Scope::default()) {
        stack::frame(&mut fields, &info, false, true);
    }
    if let Some(Ok((number, text))) = &stop.returned {
        fields.field("gdb-result-var", format_args!("${number}")).field("return-value", text);
    }
    if let Some(entry) = engine.known_threads().by_id(stop.thread) {
        fields.field("thread-id", entry.number);
    }
    fields.field("stopped-threads", "all");
    fields.optional("core", engine.selected_cpu());
    format!("*stopped,{}", fields.text())
}

fn reason_fields(fields: &mut Fields, reason: &StopReason) {
    let reason = match reason {
        StopReason::WatchScopeEnd(number) => {
            fields.field("reason", "watchpoint-scope").field("wpnum", number);
            return;
        }
        StopReason::Signal(number) => {
            let (name, meaning) = signal(*number);
            fields.field("reason", "signal-received");
            fields.field("signal-name", name).field("signal-meaning", meaning);
            return;
        }
        StopReason::StepDone => "end-stepping-range",
        StopReason::LocationReached => "location-reached",
        StopReason::Finished => "function-finished",
        StopReason::Hit(_) | StopReason::Returned => return,
    };
    fields.field("reason", reason);
}

fn hit_fields(fields: &mut Fields, hit: &Hit, disposition: impl Fn(u32) -> &'static str) {
    let HitKind::Watch { access, expression, old, now, .. } = &hit.kind else {
        // gdb tells nothing of a catchpoint of signals but its place.
        if matches!(hit.kind, HitKind::Code { .. }) {
            fields.field("reason", "breakpoint-hit").field("disp", disposition(hit.number));
            fields.field("bkptno", hit.number);
        }
        return;
    };
    let (reason, name) = match access {
        WatchKind::Write => ("watchpoint-trigger", "wpt"),
        WatchKind::Read => ("read-watchpoint-trigger", "hw-rwpt"),
        WatchKind::Access => ("access-watchpoint-trigger", "hw-awpt"),
    };
    fields.field("reason", reason);
    fields.tuple(name, |fields| {
        fields.field("number", hit.number).field("exp", expression);
    });
    fields.tuple("value", |fields| {
        if access == &WatchKind::Read {
            fields.field("value", now);
            return;
        }
        fields.optional("old", old.as_ref()).field("new", now);
    });
}
