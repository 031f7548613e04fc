//! Plays the world of a recording and lays the result beside it; and a world as it is written, for one who has played it
//! otherwise.
use vrrplab_engine::Span;
use vrrplab_formats::recording::{RecordedEvent, Recording};
use vrrplab_formats::world::World;

use crate::lab::Lab;
use crate::observe::{ClientView, Outages};
use crate::recorder::Recorder;
use crate::verify::{FaultTime, Simulated, Verdict, compare, without_wiping};

/// Runs the recorded world and compares, event by event and frame by frame.
///
/// A fault took effect somewhere between its command and the command's return. Where that matters, agreement with its
/// effect at either end of this window will do as well.
pub fn replay(recording: &Recording, tolerance: Span) -> Verdict {
    let likely = replay_at(recording, FaultTime::Likely, tolerance);
    if likely.agrees() || recording.windows.iter().all(|window| window.from == window.to) {
        return likely;
    }
    let mut others = [FaultTime::Earliest, FaultTime::Latest].into_iter().map(|t| replay_at(recording, t, tolerance));
    others.find(Verdict::agrees).unwrap_or(likely)
}

fn replay_at(recording: &Recording, faults: FaultTime, tolerance: Span) -> Verdict {
    let world = at(recording, faults);
    let lab = Lab::new(&world, world.seed);
    let mut recorder = Recorder::new(&world, lab.ports());
    lab.run(&mut [&mut recorder]);
    let events: Vec<RecordedEvent> = without_wiping(&world, recorder.events()).into_iter().cloned().collect();
    let simulated = Simulated { events: &events, frames: recorder.frames() };
    Verdict { faults, ..compare(recording, simulated, tolerance) }
}

/// The recorded world with its faults at these times.
fn at(recording: &Recording, faults: FaultTime) -> World {
    let mut world = recording.world.clone();
    for (fault, window) in world.faults.iter_mut().zip(&recording.windows) {
        fault.at = match faults {
            FaultTime::Likely => window.at,
            FaultTime::Earliest => window.from,
            FaultTime::Latest => window.to,
        };
    }
    world.faults.sort_by_key(|fault| fault.at);
    world
}

/// What a recording of this world would have, and what its clients see.
pub fn as_written(world: &World) -> (Vec<RecordedEvent>, Vec<ClientView>) {
    let lab = Lab::new(world, world.seed);
    let mut recorder = Recorder::new(world, lab.ports());
    let mut outages = Outages::new(world);
    lab.run(&mut [&mut recorder, &mut outages]);
    (recorder.events().to_vec(), outages.clients())
}
