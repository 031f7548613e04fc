//! What notify scripts wrote down, `epoch script arguments` a line, as events of a recording.
use super::clock::Epoch;
use super::event::Event;

/// The events of a node's /run/notify.log; any other line is left out.
pub fn events(node: &str, written: &str) -> Vec<Event> {
    written.lines().filter_map(|line| event(node, line)).collect()
}

fn event(node: &str, line: &str) -> Option<Event> {
    let mut words = line.split_whitespace();
    let (seconds, ns) = words.next()?.split_once('.')?;
    let at = seconds.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanoseconds(ns)?)?;
    let script = words.next()?;
    let args: Vec<&str> = words.collect();
    let event = Event::new(Epoch(at), node, "notify").with("script", script).with("args", args.clone());
    let instance = args.iter().position(|arg| *arg == "INSTANCE").and_then(|at| args.get(at + 1));
    Some(instance.map_or(event.clone(), |name| event.of(name)))
}

/// Nine digits.
fn nanoseconds(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|_| digits.len() == 9)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_line_is_a_time_a_script_and_its_arguments() {
        let told = |line: &str| {
            events("n1", line).into_iter().map(|e| (e.at.0, Value::Object(e.fields).to_string())).collect::<Vec<_>>()
        };
        assert_eq!(
            told("1795212247.409222201 /etc/keepalived/notify.sh n INSTANCE VI_1 BACKUP 150"),
            [(
                1_795_212_247_409_222_201,
                concat!(
                    r#"{"args":["n","INSTANCE","VI_1","BACKUP","150"],"event":"notify","instance":"VI_1","node":"n1","#,
                    r#""script":"/etc/keepalived/notify.sh"}"#
                )
                .to_owned()
            )]
        );
        assert_eq!(told("yesterday /etc/keepalived/notify.sh\n1795212247.5 x\n"), []);
    }
}
