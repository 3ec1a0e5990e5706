//! Callers that wait for the index get its progress.

use crate::fixture::{Fixture, set_of};
use kdive_symbols::{IndexProgress, ObjectFile, OpenOptions, Tag};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Event {
    Begin,
    Advance(u64, u64),
    End,
}

/// Keeps the events; the first part of an index is done only when somebody waits, however long that takes.
#[derive(Default)]
struct Slow {
    events: Mutex<Vec<Event>>,
    changed: Condvar,
}

impl Slow {
    fn push(&self, event: Event) {
        self.events.lock().unwrap().push(event);
        self.changed.notify_all();
    }
}

impl IndexProgress for Slow {
    fn begin(&self) {
        self.push(Event::Begin);
    }

    fn advance(&self, done: u64, total: u64) {
        let events = self.events.lock().unwrap();
        let nobody = |events: &mut Vec<Event>| !events.contains(&Event::Begin);
        let (events, timeout) =
            self.changed.wait_timeout_while(events, Duration::from_secs(60), nobody).unwrap();
        assert!(!timeout.timed_out(), "no caller waited");
        drop(events);
        self.push(Event::Advance(done, total));
    }

    fn end(&self) {
        self.push(Event::End);
    }
}

#[test]
fn a_question_waits_for_an_index_in_the_making() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let slow = Arc::new(Slow::default());
    let options = OpenOptions { progress: Some(slow.clone()), ..OpenOptions::default() };
    let object = ObjectFile::open(&fixture.path, &options).unwrap();
    let behind = object.clone();
    let maker = std::thread::spawn(move || behind.prepare_index());
    let set = set_of(object);
    assert!(set.ty(Tag::Struct, "shape", None).is_some());
    maker.join().unwrap();
    let events = slow.events.lock().unwrap().clone();
    assert_eq!((events.first(), events.last()), (Some(&Event::Begin), Some(&Event::End)), "{events:?}");
    let steps: Vec<_> = events.iter().filter(|event| matches!(event, Event::Advance(..))).collect();
    let last = steps.last();
    assert!(matches!(last, Some(Event::Advance(done, total)) if done == total && *total > 0), "{events:?}");
    // What is there need not be waited for.
    assert!(set.ty(Tag::Union, "word", None).is_some());
    assert_eq!(slow.events.lock().unwrap().len(), events.len());
}

/// Has had enough as long as the flag is up.
#[derive(Default)]
struct Impatient(AtomicBool);

impl IndexProgress for Impatient {
    fn begin(&self) {}
    fn advance(&self, _: u64, _: u64) {}
    fn is_given_up(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
    fn end(&self) {}
}

#[test]
fn an_index_that_was_given_up_is_neither_used_nor_kept_and_made_anew() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("kdive");
    let impatient = Arc::new(Impatient(AtomicBool::new(true)));
    let options = OpenOptions {
        progress: Some(impatient.clone()),
        index_cache: Some(cache.clone()),
        ..OpenOptions::default()
    };
    let set = set_of(ObjectFile::open(&fixture.path, &options).unwrap());
    assert!(set.ty(Tag::Struct, "shape", None).is_none());
    assert!(!cache.exists(), "nothing is written");
    impatient.0.store(false, Ordering::SeqCst);
    assert!(set.ty(Tag::Struct, "shape", None).is_some());
    let files: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(matches!(&files[..], [file] if file.extension().is_some_and(|end| end == "index")), "{files:?}");
}
