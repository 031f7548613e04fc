//! Plays the world of a recording and lays the result beside it.
use vrrplab_engine::Span;
use vrrplab_formats::recording::Recording;

use crate::lab::Lab;
use crate::recorder::Recorder;
use crate::verify::{Verdict, compare};

/// Runs the recorded world and compares, event by event.
pub fn replay(recording: &Recording, tolerance: Span) -> Verdict {
    let mut recorder = Recorder::new(&recording.world);
    Lab::new(&recording.world, recording.world.seed).run(&mut [&mut recorder]);
    compare(recording, recorder.events(), tolerance)
}
