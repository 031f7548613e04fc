//! A library of scenarios as a page: docs/scenarios.md.
use std::fmt::Write;

use vrrplab_formats::world::World;

use crate::observe::words::count;

/// A scenario of the library.
#[derive(Clone, Copy, Debug)]
pub struct Told<'w> {
    /// Its theme.
    pub theme: &'w str,
    /// The file, from the root of the project.
    pub file: &'w str,
    /// What it says.
    pub world: &'w World,
}

/// The themes in the order in which one may want to read them, with a sentence each. Others follow by name.
const THEMES: &[(&str, &str)] = &[
    ("scenarios", "Where to begin."),
    ("basics", "VRRP itself: who is elected, who takes over, who comes back, and when."),
    ("network", "What stands between the routers: switches, links, filters, routers."),
    ("openstack", "Neutron's port security and security groups, with and without what they need."),
    ("cloud", "Networks that know neither multicast nor gratuitous ARP."),
    ("tracking", "Interfaces, scripts, files and processes that change a priority or end a mastership."),
    ("security", "Guests who do not belong there, and what they can do."),
    ("operations", "What operators and machines do: reloads, pauses, clocks, upgrades."),
    ("lvs", "Virtual servers behind the virtual address."),
    ("seeds", "Configurations that people really run."),
];

/// Where a theme stands among the others.
pub fn place(theme: &str) -> usize {
    THEMES.iter().position(|(name, _)| *name == theme).unwrap_or(THEMES.len())
}

/// docs/scenarios.md.
pub fn markdown(library: &[Told<'_>]) -> String {
    let mut themes: Vec<&str> = library.iter().map(|told| told.theme).collect();
    themes.sort_by_key(|theme| (place(theme), *theme));
    themes.dedup();
    let mut page = String::from(HEAD);
    for theme in themes {
        let sentence = THEMES.iter().find(|(name, _)| *name == theme).map_or("", |(_, sentence)| sentence);
        let _ = write!(page, "\n## {theme}\n\n{sentence}\n\n");
        page.push_str("| scenario | story | lasts | hosts | promises |\n|---|---|---|---|---|\n");
        for told in library.iter().filter(|told| told.theme == theme) {
            page.push_str(&row(told));
        }
    }
    page
}

fn row(told: &Told<'_>) -> String {
    let world = told.world;
    let story: Vec<&str> = world.about.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let story = story.join("<br>").replace('|', "\\|");
    let hosts = |n: usize, what: &str| count(u64::try_from(n).unwrap_or(u64::MAX), what);
    let clients =
        if world.clients.is_empty() { String::new() } else { format!(", {}", hosts(world.clients.len(), "client")) };
    let (name, file, nodes) = (&world.name, told.file, hosts(world.nodes.len(), "router"));
    let lasts = crate::observe::words::span(world.duration);
    format!("| [`{name}`](../{file}) | {story} | {lasts} | {nodes}{clients} | {} |\n", promises(world))
}

/// How many promises of each kind: their first words, counted.
fn promises(world: &World) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for expectation in &world.expectations {
        let kind = expectation.text.split(':').next().unwrap_or("");
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, times)) => *times += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let words: Vec<String> = kinds.iter().map(|(kind, times)| format!("{times} `{kind}`")).collect();
    let must_fail = if world.must_fail { "; **must fail**" } else { "" };
    words.join(", ") + must_fail
}

const HEAD: &str = "# The scenarios

One file, one story: `vrrplab run scenarios/split-brain.yaml` plays it and checks what it promises under `expect`. `vrrplab list`
shows them on a terminal, `vrrplab test` plays all of them. The expected times were worked out by hand; the arithmetic stands at
the top of each file. The kept timeline is beside it (`.snap`). This page is made from the files.

What a promise is called, and what it means: [scenario.md](scenario.md#expect).
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::stage;

    #[test]
    fn a_row_tells_the_story_and_counts_the_promises() {
        let mut world = stage::world();
        world.about = "The first line.\nThe second | line.\n".to_owned();
        world.must_fail = true;
        let told = Told { theme: "mine", file: "lab/stage.yaml", world: &world };
        let page = markdown(&[told]);
        let row = "| [`stage`](../lab/stage.yaml) | The first line.<br>The second \\| line. | 10 s | 2 routers, 1 client | \
                   ; **must fail** |\n";
        assert!(
            page.ends_with(&format!(
                "\n## mine\n\n\n\n| scenario | story | lasts | hosts | promises |\n|---|---|---|---|---|\n{row}"
            )),
            "{page}"
        );
    }
}
