//! What daemons recorded while faults of all kinds befell them makes an engine do the same again.
use std::fs;

use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{Found, Line, Reader};
use vrrplab_sim::flight::Pilot;

use crate::sweep::play;

/// Flies along a recording; how many inputs it has. That of a killed daemon may break off anywhere.
fn fly(bytes: &[u8]) -> usize {
    let mut recording = Reader::new(bytes);
    let mut pilot = None;
    let mut inputs = 0;
    while let Some(Found::Line(line)) = recording.next_found().unwrap() {
        match line {
            Line::Flight(header) => pilot = Some(Pilot::new(&header, &mut Report::default()).unwrap()),
            Line::Input(entry) => {
                let pilot = pilot.as_mut().expect("a header comes first");
                let outputs = pilot.fly(&entry).unwrap();
                assert_eq!(pilot.compare(&entry, &outputs), None);
                inputs += 1;
            }
            Line::End(_) => {}
        }
    }
    inputs
}

#[test]
fn recordings_of_troubled_daemons_are_replayed_to_the_same_effects() {
    let lab = play(30, true);
    let flights = lab.recordings();
    assert!(flights.len() > 3, "some daemons were started again\n{}", lab.story());
    let inputs: usize = flights.iter().map(|path| fly(&fs::read(path).unwrap())).sum();
    assert!(inputs > 60, "{inputs}");
}
