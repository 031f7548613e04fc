//! Invariants as scenarios speak of them.
use super::*;

const WATCHED: &str = r#"
invariants:
  one-master: { allow: 5s }
  no-black-hole: off
  one-answer: on
  no-flapping: { moves: 10, within: 2m }
  table-as-wanted: off
  judged-from: 14s
expect_violation:
  - { invariant: one-answer, between: [15s, 16s], node: r1, instance: VI_1 }
  - { invariant: agreement,
      client: c1 }
"#;

fn watched() -> String {
    format!("{FULL}{}", WATCHED.trim_start())
}

#[test]
fn invariants_are_watched_as_the_file_says() {
    let world = good(&watched());
    let invariants = &world.invariants;
    assert_eq!(invariants.off, [Invariant::NoBlackHole, Invariant::TableAsWanted].into());
    assert_eq!(invariants.allow, [(Invariant::OneMaster, Span::from_secs(5))].into());
    assert_eq!((invariants.moves, invariants.within), (10, Span::from_secs(120)));
    assert_eq!(invariants.judged_from, Some(Instant(14_000_000_000)));
    assert!(invariants.watches(Invariant::OneAnswer) && !invariants.watches(Invariant::NoBlackHole));
    let [first, second] = &invariants.expected[..] else { panic!("{:?}", invariants.expected) };
    assert_eq!(first.text, "invariant: one-answer, between: [15s, 16s], node: r1, instance: VI_1");
    let window = Window { from: Instant(15_000_000_000), to: Instant(16_000_000_000) };
    assert_eq!((first.window, first.node, first.instance.as_deref()), (Some(window), Some(NodeId(0)), Some("VI_1")));
    assert_eq!((second.invariant, second.client, second.window), (Invariant::Agreement, Some(ClientId(0)), None));
    assert_eq!(good(FULL).invariants, Invariants::default());
}

#[test]
fn mistakes_about_invariants_are_answered_with_what_is_meant() {
    let says = |from: &str, to: &str, words: &[&str]| {
        let message = refused(&watched().replace(from, to));
        for word in words {
            assert!(message.contains(word), "`{word}` is missing in:\n{message}");
        }
    };
    says("one-master: {", "one-mastr: {", &["unknown key `one-mastr`", "did you mean `one-master`?"]);
    says("no-black-hole: off", "no-black-hole: offf", &["unknown word `offf`", "did you mean `off`?"]);
    says("table-as-wanted: off", "table-as-wanted: offf", &["unknown word `offf`", "did you mean `off`?"]);
    says("allow: 5s", "allow: 5", &["the time `5` has no unit"]);
    says("judged-from: 14s", "judged-from: 14h", &["unknown unit `h` of time"]);
    says("judged-from: 14s", "judged-from: 9999s", &["past the end of the scenario"]);
    says("moves: 10", "moves: -1", &["a count is not negative"]);
    says("invariant: one-answer", "invariant: one-anser", &["did you mean `one-answer`?"]);
    says("between: [15s, 16s]", "between: [16s, 15s]", &["ends too early"]);
    says("node: r1, instance: VI_1 }", "node: r9, instance: VI_1 }", &["unknown node `r9`"]);
    says("      client: c1", "      client: c9", &["unknown client `c9`"]);
    says("one-answer: on", "one-answer: off", &["`one-answer` is switched off, so nobody will see it violated"]);
}
