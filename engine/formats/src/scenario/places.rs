//! Where in a scenario's text something stands, for those who cannot do what it says.
use std::path::Path;
use std::sync::Arc;

use vrrplab_engine::Instant;

use super::keys::Tree;
use super::leaf::Yaml;
use super::reader::{Reader, bytes};
use super::{Files, moment, parse};
use crate::diagnostics::{Place, Report, Spanned};

/// The places of a scenario's keys.
pub struct Places {
    file: Arc<str>,
    source: String,
    tree: Option<Yaml<Tree>>,
}

impl Places {
    /// Looks at the scenario at `path`. One that cannot be read has one place, its beginning.
    pub fn read(path: &Path, files: &dyn Files) -> Places {
        let source = files.read(path).unwrap_or_default();
        let mut reader = Reader::new(path, &source, files);
        let tree = parse(&source, &mut reader);
        let file = reader.file.clone();
        Places { file, source, tree }
    }

    /// The key at the end of this way down from the top; where it is not written, the last one on the way that is.
    pub fn key(&self, way: &[&str]) -> Place {
        let mut found = 0..0;
        let mut here = self.tree.as_ref().map(|tree| &tree.value);
        for step in way {
            let Some((key, value)) = here.and_then(|tree| tree.entry(step)) else { break };
            (found, here) = (bytes(&key.referenced, &self.source), Some(&value.value));
        }
        Spanned::new((), self.file.clone(), found)
    }

    /// What is done at this moment of the timeline. Of several, the one whose words name `about`.
    pub fn moment(&self, at: Instant, about: &str) -> Place {
        let found = self.moments(at);
        let names = |(_, words): &&(Place, String)| words.split(|c: char| !is_of_name(c)).any(|word| word == about);
        let best = found.iter().find(names).or(found.first());
        best.map_or_else(|| self.key(&["timeline"]), |(place, _)| place.clone())
    }

    /// A report with these errors in it.
    pub fn report(&self, errors: impl IntoIterator<Item = (Place, String)>, label: &str) -> Report {
        let mut report = Report::default();
        report.add_source(&self.file, &self.source);
        for (place, title) in errors {
            report.error(&place, title, label);
        }
        report
    }

    /// The keys of all that is done at this moment, with the words behind them.
    fn moments(&self, wanted: Instant) -> Vec<(Place, String)> {
        let timeline = self.tree.as_ref().and_then(|tree| tree.value.entry("timeline"));
        let Some(Tree::List(items)) = timeline.map(|(_, list)| &list.value) else { return Vec::new() };
        let of_item = |item: &Yaml<Tree>| {
            let (_, at) = item.value.entry("at")?;
            let written = self.source.get(bytes(&at.referenced, &self.source))?;
            let (_, deed) = item.value.entry("do").filter(|_| moment(written.trim()) == Ok(wanted))?;
            let Tree::Map(entries) = &deed.value else { return None };
            let (key, value) = entries.first()?;
            let place = Spanned::new((), self.file.clone(), bytes(&key.referenced, &self.source));
            Some((place, Tree::one_line(value, &self.source)))
        };
        items.iter().filter_map(of_item).collect()
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "._-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Text(&'static str);

    impl Files for Text {
        fn read(&self, _: &Path) -> Result<String, String> {
            Ok(self.0.to_owned())
        }
    }

    const STORY: &str = "\
duration: 9s
networks:
  lan: {delay: 20ms, loss: 1%}
nodes:
  r1: {interfaces: {eth0: {network: lan}}}
timeline:
  - {at: 2s, do: {stun: {node: r1, for: 1s}}}
  - at: 2000ms
    do:
      stop: r2
";

    fn told(place: &Place) -> (usize, &'static str) {
        let line = STORY[..place.span.start].matches('\n').count() + 1;
        (line, &STORY[place.span.clone()])
    }

    #[test]
    fn a_way_ends_at_the_last_key_that_is_written() {
        let places = Places::read(Path::new("story.yaml"), &Text(STORY));
        assert_eq!(told(&places.key(&["networks", "lan", "loss"])), (3, "loss"));
        assert_eq!(told(&places.key(&["networks", "lan", "cloud"])), (3, "lan"));
        assert_eq!(told(&places.key(&["nodes", "r1", "interfaces", "eth0", "link"])), (5, "eth0"));
        assert_eq!(told(&places.key(&["policy"])), (1, ""));
    }

    #[test]
    fn of_two_things_done_at_once_the_one_that_is_named_is_found() {
        let places = Places::read(Path::new("story.yaml"), &Text(STORY));
        let at = Instant(2_000_000_000);
        assert_eq!(told(&places.moment(at, "r2")), (10, "stop"));
        assert_eq!(told(&places.moment(at, "r1")), (7, "stun"));
        assert_eq!(told(&places.moment(at, "r")), (7, "stun"));
        assert_eq!(told(&places.moment(Instant(1), "r1")), (6, "timeline"));
    }

    #[test]
    fn errors_are_shown_with_their_lines() {
        let places = Places::read(Path::new("story.yaml"), &Text(STORY));
        let loss = places.key(&["networks", "lan", "loss"]);
        let shown = places.report([(loss, "loss cannot be played".to_owned())], "not in namespaces").render(false);
        assert!(shown.contains("story.yaml:3:22") && shown.contains("loss cannot be played"), "{shown}");
    }
}
