//! What daemons recorded while faults of all kinds befell them makes an engine do the same again.
use std::fs;
use std::net::IpAddr;

use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{Found, Line, Part, Reader};
use vrrplab_real::system::Word;
use vrrplab_sim::flight::Pilot;

use crate::probes::{ROUND, WEB, director};
use crate::sweep::play;

/// Flies along a recording; how many inputs VRRP and the checkers have. That of a killed daemon may break off anywhere.
fn fly(bytes: &[u8]) -> [usize; 2] {
    let mut recording = Reader::new(bytes);
    let mut pilot = None;
    let mut inputs = [0, 0];
    while let Some(Found::Line(line)) = recording.next_found().unwrap() {
        match line {
            Line::Flight(header) => pilot = Some(Pilot::new(&header, &mut Report::default()).unwrap()),
            Line::Input(entry) => {
                let pilot = pilot.as_mut().expect("a header comes first");
                let outputs = pilot.fly(&entry).unwrap();
                assert_eq!(pilot.compare(&entry, &outputs), None);
                inputs[usize::from(entry.part == Part::Checkers)] += 1;
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
    let inputs: usize = flights.iter().map(|path| fly(&fs::read(path).unwrap())[0]).sum();
    assert!(inputs > 60, "{inputs}");
}

#[test]
fn what_checkers_were_told_is_replayed_too_with_a_reload_and_a_second_daemon() {
    let mut lab = director();
    lab.record();
    lab.until(10_000);
    lab.sim.crash(IpAddr::V4(WEB[0]));
    lab.run(ROUND);
    lab.signal(0, Word::Reload);
    lab.run(ROUND);
    lab.kill(0);
    lab.run(1_000);
    lab.bounce(0);
    lab.sim.bounce(IpAddr::V4(WEB[0]));
    lab.run(ROUND);
    lab.signal(0, Word::Stop);
    lab.run(2_000);
    let mut flights = lab.recordings();
    flights.sort();
    let texts: Vec<String> = flights.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let told: Vec<[usize; 2]> = texts.iter().map(|text| fly(text.as_bytes())).collect();
    assert_eq!(told.len(), 2, "{}", lab.story());
    assert!(told.iter().all(|[vrrp, checkers]| *vrrp > 3 && *checkers > 10), "{told:?}");
    for (what, first, second) in
        [("server-removed", true, false), ("\"in\":{\"reload\"", true, false), ("\"made\":{", true, true)]
    {
        assert_eq!([texts[0].contains(what), texts[1].contains(what)], [first, second], "{what}");
    }
}
