//! What a scenario says about invariants, and the violations that it expects.
use super::leaf::{Leaf, Placed, Short};
use super::reader::Reader;
use super::shape::{AllowText, ExpectedText, FlappingText, InvariantsText};
use super::units::SwitchKind;
use crate::world::{ExpectedViolation, Invariant, Invariants, Place};

/// Reads both parts; `lines` are the places and words of the expected violations.
pub(super) fn read(
    text: Option<&InvariantsText>,
    expected: &[ExpectedText],
    lines: Vec<(usize, String)>,
    reader: &mut Reader<'_>,
) -> Invariants {
    let mut invariants = Invariants::default();
    if let Some(text) = text {
        for (invariant, said) in [
            (Invariant::OneMaster, &text.one_master),
            (Invariant::OneAnswer, &text.one_answer),
            (Invariant::VipAtMaster, &text.vip_at_master),
            (Invariant::AdvertsAccepted, &text.adverts_accepted),
            (Invariant::Agreement, &text.agreement),
            (Invariant::NoBlackHole, &text.no_black_hole),
        ] {
            reader.limit(invariant, said.as_ref(), &mut invariants);
        }
        reader.flapping(text.no_flapping.as_ref(), &mut invariants);
        if let Some(said) = &text.table_as_wanted {
            reader.switch(Invariant::TableAsWanted, &said.text.value, &said.text, &mut invariants);
        }
        invariants.judged_from = text.judged_from.as_ref().and_then(|at| reader.moment(at));
    }
    for (expected, (line, text)) in expected.iter().zip(lines) {
        let place = Place { file: reader.file.to_string(), line };
        let read = reader.expected_violation(expected, place, text);
        if let Some(off) = read.as_ref().map(|read| read.invariant).filter(|which| !invariants.watches(*which)) {
            let title = format!("`{}` is switched off, so nobody will see it violated", off.id());
            reader.refuse_at(
                &expected.invariant.text,
                title,
                "expected here",
                "take it out of `invariants`, or from here",
            );
        }
        invariants.expected.extend(read);
    }
    invariants
}

impl Reader<'_> {
    fn limit(&mut self, which: Invariant, said: Option<&Placed<SwitchKind, AllowText>>, into: &mut Invariants) {
        let Some(Placed(said)) = said else { return };
        match &said.value {
            Short::Word(word, _) => self.switch(which, word, said, into),
            Short::Long(AllowText { allow }) => {
                into.allow.extend(self.read(allow).map(|span| (which, span.value)));
            }
        }
    }

    fn switch<T>(&mut self, which: Invariant, word: &str, at: &super::leaf::Yaml<T>, into: &mut Invariants) {
        if self.placed_word::<SwitchKind, _>(word, at).is_some_and(|on| !on.value) {
            into.off.insert(which);
        }
    }

    fn flapping(&mut self, said: Option<&Placed<SwitchKind, FlappingText>>, into: &mut Invariants) {
        let Some(Placed(said)) = said else { return };
        match &said.value {
            Short::Word(word, _) => self.switch(Invariant::NoFlapping, word, said, into),
            Short::Long(text) => {
                into.within = self.or(&text.within, into.within);
                let Some(moves) = self.maybe(&text.moves) else { return };
                match usize::try_from(moves.value) {
                    Ok(moves) => into.moves = moves,
                    Err(_) => self.refuse(moves.span, "a count is not negative", "", "0 or more"),
                }
            }
        }
    }

    fn expected_violation(&mut self, text: &ExpectedText, place: Place, words: String) -> Option<ExpectedViolation> {
        let invariant = self.read(&text.invariant).map(|read| read.value);
        let owner = Leaf::new(text.invariant.text.clone());
        let window = text.between.as_ref().map(|times| self.between(times, &owner));
        let node = text.node.as_ref().map(|node| self.node(node));
        let of = node.flatten();
        let instance = text.instance.as_ref().map(|instance| self.instance(instance, of));
        let client = text.client.as_ref().map(|client| self.one_client(client));
        let (window, node, client) = (all(window)?, all(node)?, all(client)?);
        Some(ExpectedViolation { place, text: words, invariant: invariant?, window, node, instance, client })
    }
}

/// What was written must have been read.
fn all<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |read| read.map(Some))
}
