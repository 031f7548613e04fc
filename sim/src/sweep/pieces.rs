//! Which numbers of a scenario a name stands for, and putting values there.
use std::collections::BTreeSet;

use vrrplab_formats::diagnostics::nearest;
use vrrplab_formats::keepalived::table::{self, Block, SECTIONS, Takes};
use vrrplab_formats::outline::Outline;

use super::conf::{self, Home};
use super::values::{Value, Vary};

/// The keys of a link.
const LINK: [&str; 10] =
    ["delay", "jitter", "loss", "burst", "duplicate", "reorder", "reorder_delay", "corrupt", "bandwidth", "queue"];

/// What a name stands for.
enum Piece<'n> {
    /// A key of the links of all networks, or of one network, node or client.
    Link { of: Option<(&'static str, &'n str)>, key: &'n str },
    /// A key of the item of the timeline at this position.
    Fault { position: usize, key: &'n str },
    /// A keyword of keepalived.conf: of all nodes or one, in all blocks or those of this name.
    Keyword { node: Option<&'n str>, block: Option<&'n str>, word: &'n str },
    /// A way through the file.
    Path(&'n str),
}

/// The unit of a parameter: as written, or what its keyword counts in.
pub(super) fn unit(file: &Outline, vary: &Vary) -> Result<String, String> {
    Ok(match find(file, &vary.name)? {
        Piece::Keyword { .. } if !vary.unit.is_empty() => {
            let named = &vary.name;
            return Err(format!(
                "{named} is a number of keepalived.conf, which has no units: write it without `{}`",
                vary.unit
            ));
        }
        Piece::Keyword { word, .. } => match numeric(word) {
            Some((_, Takes::Seconds(..))) => "s".to_owned(),
            Some((_, Takes::Millis(..))) => "ms".to_owned(),
            _ => String::new(),
        },
        _ => vary.unit.clone(),
    })
}

/// Puts a value where a name says.
pub(super) fn set(file: &mut Outline, name: &str, value: &Value) -> Result<(), String> {
    match find(file, name)? {
        Piece::Link { of, key } => set_link(file, of, key, value),
        Piece::Fault { position, key } => set_fault(file, position, key, value),
        Piece::Keyword { node, block, word } => set_keyword(file, (node, block, word), value),
        Piece::Path(path) => set_path(file, path, value),
    }
}

fn find<'n>(file: &Outline, name: &'n str) -> Result<Piece<'n>, String> {
    let (before, last) = name.rsplit_once('.').map_or((None, name), |(before, last)| (Some(before), last));
    if LINK.contains(&last) {
        match before {
            None => return Ok(Piece::Link { of: None, key: last }),
            Some(one) => {
                let holder = ["networks", "nodes", "clients"].into_iter().find(|kind| has(file, kind, one));
                if let Some(kind) = holder {
                    return Ok(Piece::Link { of: Some((kind, one)), key: last });
                }
            }
        }
    }
    if let Some(position) = fault_position(before, last)? {
        let count = file.get("timeline").map_or(0, Outline::len);
        if position >= count {
            return Err(format!("`{name}`: {}", so_many(count)));
        }
        return Ok(Piece::Fault { position, key: last });
    }
    if numeric(last).is_some() {
        match before.map(|before| before.split_once('.').map_or((before, None), |(one, two)| (one, Some(two)))) {
            None => return Ok(Piece::Keyword { node: None, block: None, word: last }),
            Some((node, block)) if has(file, "nodes", node) => {
                return Ok(Piece::Keyword { node: Some(node), block, word: last });
            }
            Some((block, None)) if !has(file, block, "") && file.get(block).is_none() => {
                return Ok(Piece::Keyword { node: None, block: Some(block), word: last });
            }
            Some(_) => {}
        }
    }
    if at_path(file, name).is_some() {
        return Ok(Piece::Path(name));
    }
    Err(unknown(file, name, last))
}

fn has(file: &Outline, kind: &str, name: &str) -> bool {
    file.get(kind).is_some_and(|all| all.get(name).is_some())
}

/// `at` and `fault[2].at`.
fn fault_position(before: Option<&str>, last: &str) -> Result<Option<usize>, String> {
    let number = match before {
        None if last == "at" => return Ok(Some(0)),
        None => return Ok(None),
        Some(before) => before.strip_prefix("fault").or_else(|| before.strip_prefix("timeline")),
    };
    match number {
        Some("") => Ok(Some(0)),
        Some(number) => match number.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(number) => number.parse().map(Some).map_err(|_| format!("`{number}` is no position of a fault")),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

fn so_many(count: usize) -> String {
    match count {
        0 => "there is no fault in the scenario".to_owned(),
        1 => "there is one fault in the scenario, fault[0]".to_owned(),
        count => format!("there are {count} faults in the scenario, fault[0] to fault[{}]", count - 1),
    }
}

/// A keyword that takes one number.
fn numeric(word: &str) -> Option<(Block, Takes)> {
    let places = table::places_of(word).into_iter().map(|(section, keyword)| (section.block, keyword.takes));
    places.into_iter().find(|(_, takes)| is_number(takes))
}

const fn is_number(takes: &Takes) -> bool {
    matches!(takes, Takes::Int(..) | Takes::Seconds(..) | Takes::Millis(..) | Takes::Weight(_))
}

/// Clear words about a name that stands for nothing, with those that are near.
fn unknown(file: &Outline, name: &str, last: &str) -> String {
    if let Some((_, keyword)) = table::places_of(last).first() {
        return match is_number(&keyword.takes) {
            true => format!("`{name}`: no node, block or network has that name; nodes: {}", names(file, "nodes")),
            false => format!("`{last}` takes {}: that is no number that could be varied", keyword.takes),
        };
    }
    let words = SECTIONS.iter().flat_map(|section| section.all()).filter(|keyword| is_number(&keyword.takes));
    let words: BTreeSet<&str> = words.map(|keyword| keyword.word).chain(LINK).chain(["at"]).collect();
    let near = nearest(last, words.iter().copied());
    let hint = near.map_or_else(
        || "; known are numbers of keepalived.conf, loss, delay, jitter and other keys of links, at, and ways through the file"
            .to_owned(),
        |near| format!("; did you mean `{}`?", name.strip_suffix(last).unwrap_or_default().to_owned() + near),
    );
    format!("nothing in the scenario is called `{name}`{hint}")
}

fn names(file: &Outline, kind: &str) -> String {
    let Some(Outline::Map(entries)) = file.get(kind) else { return "none".to_owned() };
    entries.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The mapping under a key, made where nothing stands there.
fn mapping<'o>(outline: &'o mut Outline, key: &str) -> Option<&'o mut Outline> {
    if matches!(outline.get(key), None | Some(Outline::Nothing)) {
        outline.set(key, Outline::Map(Vec::new()));
    }
    outline.get_mut(key)
}

fn set_link(file: &mut Outline, of: Option<(&str, &str)>, key: &str, value: &Value) -> Result<(), String> {
    let word = || Outline::word(&value.text);
    let nothing = || format!("there is no network whose {key} could be varied");
    match of {
        None => {
            let names = match file.get("networks") {
                Some(Outline::Map(entries)) => entries.iter().map(|(name, _)| name.clone()).collect(),
                _ => Vec::new(),
            };
            let networks = file.get_mut("networks").ok_or_else(nothing)?;
            for name in names {
                mapping(networks, &name).ok_or_else(nothing)?.set(key, word());
            }
        }
        Some(("networks", name)) => {
            let networks = file.get_mut("networks").ok_or_else(nothing)?;
            mapping(networks, name).ok_or_else(nothing)?.set(key, word());
        }
        Some(("clients", name)) => {
            let client = file.get_mut("clients").and_then(|clients| clients.get_mut(name)).ok_or_else(nothing)?;
            mapping(client, "link").ok_or_else(nothing)?.set(key, word());
        }
        Some((kind, name)) => {
            let node = file.get_mut(kind).and_then(|nodes| nodes.get_mut(name));
            let Some(Outline::Map(interfaces)) = node.and_then(|node| node.get_mut("interfaces")) else {
                return Err(format!("{name} has no interfaces whose {key} could be varied"));
            };
            for (_, interface) in interfaces {
                mapping(interface, "link").ok_or_else(nothing)?.set(key, word());
            }
        }
    }
    Ok(())
}

fn set_fault(file: &mut Outline, position: usize, key: &str, value: &Value) -> Result<(), String> {
    let item = file.get_mut("timeline").and_then(|timeline| timeline.nth_mut(position));
    let place = item.and_then(|item| match key {
        "at" => Some(item),
        _ => item.get_mut("do").and_then(|what| what.nth_mut(0)).filter(|what| what.get(key).is_some()),
    });
    let place = place.ok_or_else(|| format!("fault[{position}] has no `{key}`"))?;
    place.set(key, Outline::word(&value.text));
    Ok(())
}

fn set_path(file: &mut Outline, path: &str, value: &Value) -> Result<(), String> {
    let place = at_path_mut(file, path).ok_or_else(|| format!("nothing in the scenario is called `{path}`"))?;
    *place = Outline::word(&value.text);
    Ok(())
}

/// The word at the end of a way such as `clients.c1.every`.
fn at_path<'o>(file: &'o Outline, path: &str) -> Option<&'o Outline> {
    let end = path.split('.').try_fold(file, |at, key| at.get(key));
    end.filter(|end| matches!(end, Outline::Word(word) if word.starts_with(|c: char| c.is_ascii_digit() || c == '-')))
}

fn at_path_mut<'o>(file: &'o mut Outline, path: &str) -> Option<&'o mut Outline> {
    path.split('.').try_fold(file, |at, key| at.get_mut(key))
}

fn set_keyword(
    file: &mut Outline,
    (node, block, word): (Option<&str>, Option<&str>, &str),
    value: &Value,
) -> Result<(), String> {
    let home = match numeric(word).map(|(block, _)| block) {
        Some(Block::Instance) => Home::Instances,
        Some(Block::Globals) => Home::Globals,
        _ => Home::Nowhere,
    };
    let Some(Outline::Map(nodes)) = file.get_mut("nodes") else { return Err("the scenario has no nodes".to_owned()) };
    let mut changed = false;
    for (name, what) in nodes.iter_mut().filter(|(name, _)| node.is_none_or(|node| node == name)) {
        if let Some(Outline::Word(text)) = what.get_mut("keepalived") {
            if !text.contains('\n') && !text.contains('{') {
                return Err(format!("{name}: a keepalived.conf that includes other files cannot be varied"));
            }
            if let Some(other) = conf::set(text, block, word, &value.text, home) {
                *text = other;
                changed = true;
            }
        }
        if let Some(Outline::List(instances)) = what.get_mut("vrrp") {
            for instance in instances.iter_mut() {
                let named = |name: &str| instance.get("instance") == Some(&Outline::word(name));
                if block.is_none_or(named) && home == Home::Instances {
                    let seconds = matches!(numeric(word), Some((_, Takes::Seconds(..))));
                    let unit = if seconds { "s" } else { "" };
                    instance.set(word, Outline::word(format!("{}{unit}", value.text)));
                    changed = true;
                }
            }
        }
    }
    let place = block.map_or_else(String::new, |block| format!(" in a block called {block}"));
    if changed { Ok(()) } else { Err(format!("no configuration has a place for `{word}`{place}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
duration: 10s
networks: {lan: {delay: 100us}, dmz: null}
nodes:
  r1: {interfaces: {eth0: {network: lan}}, keepalived: \"vrrp_instance VI {\\n  priority 150\\n}\\n\"}
  r2: {interfaces: {eth0: {network: lan}}, vrrp: [{instance: VI, priority: 100}]}
clients: {c1: {network: lan, every: 100ms}}
timeline:
- {at: 5s, do: {crash: r1}}
- {at: 9s, do: {link: {network: lan, loss: 5%}}}
";

    fn changed(name: &str, text: &str) -> Result<String, String> {
        let mut file = Outline::read(FILE).unwrap();
        let value = Vary::read(&format!("x={text}"), 2).unwrap().values.remove(0);
        set(&mut file, name, &value)?;
        Ok(file.print())
    }

    #[test]
    fn a_name_finds_links_faults_keywords_and_ways_through_the_file() {
        let all = changed("loss", "2%").unwrap();
        assert!(all.contains("lan: {delay: 100us, loss: 2%}") && all.contains("dmz: {loss: 2%}"), "{all}");
        let one = changed("dmz.jitter", "1ms").unwrap();
        assert!(one.contains("lan: {delay: 100us}") && one.contains("dmz: {jitter: 1ms}"), "{one}");
        assert!(changed("r2.delay", "1ms").unwrap().contains("eth0: {network: lan, link: {delay: 1ms}}"));
        assert!(changed("c1.loss", "1%").unwrap().contains("every: 100ms, link: {loss: 1%}"));
        assert!(changed("at", "6s").unwrap().contains("at: 6s, do: {crash: r1}"));
        assert!(changed("fault[1].at", "7s").unwrap().contains("at: 7s, do: {link"));
        assert!(changed("fault[1].loss", "7%").unwrap().contains("loss: 7%"));
        assert!(changed("clients.c1.every", "50ms").unwrap().contains("every: 50ms"));
        assert!(changed("duration", "20s").unwrap().contains("duration: 20s"));
    }

    #[test]
    fn a_keyword_is_set_in_configurations_and_in_routers_of_the_scenario() {
        let both = changed("priority", "7").unwrap();
        assert!(both.contains("priority 7") && both.contains("priority: 7"), "{both}");
        let second = changed("r2.advert_int", "0.5").unwrap();
        assert!(second.contains("advert_int: 0.5s") && second.contains("priority 150\n"), "{second}");
        let named = changed("r1.VI.preempt_delay", "3").unwrap();
        assert!(named.contains("preempt_delay 3"), "{named}");
        assert!(changed("VI.priority", "8").unwrap().contains("priority 8"));
    }

    #[test]
    fn a_name_that_stands_for_nothing_is_told_with_what_is_near() {
        let told = |name: &str| changed(name, "1").unwrap_err();
        assert_eq!(told("advert_intt"), "nothing in the scenario is called `advert_intt`; did you mean `advert_int`?");
        assert_eq!(told("lan.lss"), "nothing in the scenario is called `lan.lss`; did you mean `lan.loss`?");
        assert_eq!(told("r1.state"), "`state` takes `MASTER|BACKUP`: that is no number that could be varied");
        assert_eq!(told("fault[2].at"), "`fault[2].at`: there are 2 faults in the scenario, fault[0] to fault[1]");
        assert_eq!(told("VX.priority"), "no configuration has a place for `priority` in a block called VX");
        assert!(told("frobnication").contains("known are numbers of keepalived.conf"));
        assert_eq!(told("fault[0].loss"), "fault[0] has no `loss`");
    }
}
