//! What holds whatever the servers answer: no attempt beside another of the same checker, a table without errors, nothing sent
//! to the dead, a quorum that fits its servers, and the table that follows from them.
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use vrrplab_engine::Span;
use vrrplab_engine::health::pool::IpvsCommand;
use vrrplab_engine::health::{Answer, Input};
use vrrplab_engine::lvs::Director;
use vrrplab_engine::lvs::diff::{Wanted, diff};
use vrrplab_engine::model::lvs::VirtualServerModel;

use super::stage::*;

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Answer { which: usize, good: bool },
    Reload(Shape),
}

/// A service: quorum, hysteresis, sorry server, and weight, retries, inhibit and alpha of its servers.
#[derive(Clone, Debug)]
struct Shape {
    quorum: u32,
    hysteresis: u32,
    sorry: Option<bool>,
    servers: Vec<(u32, u32, bool, bool)>,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let server = (0..4u32, 0..3u32, any::<bool>(), any::<bool>());
    let parts = (1..6u32, 0..4u32, any::<Option<bool>>(), vec(server, 1..4));
    parts.prop_map(|(quorum, hysteresis, sorry, servers)| Shape { quorum, hysteresis, sorry, servers })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let answer = (0..4usize, any::<bool>()).prop_map(|(which, good)| Step::Answer { which, good });
    vec(prop_oneof![6 => (0..4000u64).prop_map(Step::Pass), 8 => answer, 1 => shapes().prop_map(Step::Reload)], 1..60)
}

fn build(shape: &Shape) -> VirtualServerModel {
    let numbered = (11..).zip(&shape.servers);
    let servers = numbered.map(|(last, (weight, retry, inhibit, alpha))| {
        let mut server = tcp(last, *weight, *retry);
        server.inhibit_on_failure = *inhibit;
        server.checks[0].alpha = *alpha;
        server
    });
    let mut service = service(servers.collect());
    (service.quorum, service.hysteresis) = (shape.quorum, shape.hysteresis);
    service.sorry = shape.sorry.and_then(|inhibit| sorry(50, inhibit));
    service
}

/// The table, with all commands applied; none of them may fail.
fn follow(stage: &mut Stage, director: &mut Director) -> BTreeMap<String, u32> {
    for command in stage.commands.drain(..) {
        director.apply(stage.now, &command).unwrap_or_else(|error| panic!("{command:?}: {error:?}"));
    }
    let services = director.services();
    services.iter().flat_map(|s| &s.dests).map(|dest| (dest.key.ip.to_string(), dest.config.weight)).collect()
}

/// What the table still lacks of what follows from the states of all servers.
fn missing(stage: &Stage, director: &Director) -> Vec<IpvsCommand> {
    let present: Vec<Wanted> = director.services().iter().map(Wanted::from).collect();
    diff(&present, &stage.checkers.wanted())
}

fn consistent(stage: &Stage, table: &BTreeMap<String, u32>) {
    let standing_in = table.get("10.0.0.50").is_some_and(|weight| *weight > 0);
    let has_sorry = table.contains_key("10.0.0.50");
    for server in stage.checkers.status() {
        let weight = table.get(&server.endpoint.ip.to_string()).copied();
        let expected = if server.alive && !standing_in { Some(server.weight) } else { None };
        assert_eq!(weight.unwrap_or(0), expected.unwrap_or(0), "{server:?} in {table:?}");
        assert!(weight.is_some() || expected.is_none(), "{server:?} is missing");
        assert!(!(has_sorry && standing_in && server.quorum), "a sorry server stands in though the quorum is there");
    }
    let mut asked: Vec<u8> = stage.waiting.iter().map(|(_, last)| *last).collect();
    asked.sort_unstable();
    assert!(asked.windows(2).all(|two| two[0] != two[1]), "two attempts of one checker: {asked:?}");
}

#[test]
fn a_command_that_gets_lost_is_missed() {
    let mut stage = Stage::new(vec![service(vec![tcp(11, 1, 0), tcp(12, 2, 0)])]);
    let mut director = Director::new(0, 16);
    stage.give(Input::Start);
    let lost = stage.commands.remove(1);
    follow(&mut stage, &mut director);
    assert_eq!(missing(&stage, &director), [lost], "the table never heard of 11");
    stage.give(Input::Stop);
    assert_eq!(stage.checkers.wanted(), [], "at the end nothing is wanted");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn checkers_and_table_agree(shape in shapes(), steps in steps()) {
        let mut stage = Stage::new(vec![build(&shape)]);
        let mut director = Director::new(0, 16);
        stage.give(Input::Start);
        for step in steps {
            match step {
                Step::Pass(ms) => {
                    let end = stage.now.0 / 1_000_000 + ms;
                    stage.until(end, |_| None);
                }
                Step::Answer { which, good } if !stage.waiting.is_empty() => {
                    let which = which % stage.waiting.len();
                    let (job, _) = stage.waiting.remove(which);
                    let answer = if good { Answer::Reached } else { Answer::Refused(111) };
                    stage.give(Input::Answered { job, answer });
                }
                Step::Answer { .. } => {}
                Step::Reload(shape) => {
                    stage.give(Input::Reload(&node(vec![build(&shape)])));
                }
            }
            let table = follow(&mut stage, &mut director);
            consistent(&stage, &table);
            prop_assert_eq!(missing(&stage, &director), vec![]);
            prop_assert!(stage.checkers.next_wake().is_none_or(|wake| wake.since(stage.now) <= Span::from_secs(60)));
        }
        stage.give(Input::Stop);
        follow(&mut stage, &mut director);
        prop_assert!(director.services().is_empty());
        prop_assert_eq!(missing(&stage, &director), vec![]);
    }
}
