//! Repeated lines: `~SEQ` counts, `~LST` goes through values.
use super::line::Line;
use super::preprocess::{MOST_LINES, Preprocessor};
use super::variables::name_length;

/// Variables, and what they are in each round.
#[derive(Debug, PartialEq, Eq)]
struct Rounds {
    names: Vec<String>,
    values: Vec<Vec<String>>,
}

impl Preprocessor<'_> {
    /// A line that begins with `~`.
    pub(super) fn repeat(&mut self, line: &Line, depth: usize) {
        let text = line.text.as_str();
        let open = text.find('(').unwrap_or(text.len());
        let kind = text[..open].trim_end();
        if !matches!(kind, "~SEQ" | "~SEQx" | "~LST") {
            let at = line.at(0..kind.len());
            self.report.error(&at, format!("there is no repetition `{kind}`"), "`~SEQ`, `~SEQx` or `~LST`").survived();
            return;
        }
        let Some(close) = text[open..].find(')').map(|i| open + i) else {
            self.report.error(&line.whole(), format!("`{kind}` needs `(...)`"), "no `)` follows").survived();
            return;
        };
        let at = line.at(0..close + 1);
        let given = self.substitute(&line.part(open + 1..close), false);
        let given: Vec<&str> = given.iter().map(|l| l.text.as_str()).collect();
        let given = given.join(" ");
        let read = if kind == "~LST" { list(&given) } else { sequence(&given, kind == "~SEQx") };
        let rounds = match read {
            Ok(rounds) => rounds,
            Err(why) => {
                if self.first_time(&at) {
                    let title = format!("`{kind}` cannot be read: {why}");
                    self.report.error(&at, title, "the line is ignored").survived();
                }
                return;
            }
        };
        let body = line.trimmed_from(close + 1);
        let outside = self.repeated.len();
        for values in rounds.values {
            if !self.spend_line(&at) {
                break;
            }
            self.repeated.extend(rounds.names.iter().cloned().zip(values));
            self.line(body.clone(), depth + 1);
            self.repeated.truncate(outside);
        }
    }
}

fn name(text: &str) -> Result<String, String> {
    match name_length(text) == text.len() && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is no name of a variable")),
    }
}

fn sequence(given: &str, hex: bool) -> Result<Rounds, String> {
    let mut words = given.split(',').map(str::trim);
    let variable = name(words.next().unwrap_or_default())?;
    let number = |w: &str| match w.strip_prefix("0x").filter(|_| hex) {
        Some(digits) => i64::from_str_radix(digits, 16).map_err(|_| format!("`{w}` is no number")),
        None => w.parse::<i64>().map_err(|_| format!("`{w}` is no number")),
    };
    let numbers = words.map(number).collect::<Result<Vec<_>, _>>()?;
    let towards = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, step, end) = match *numbers.as_slice() {
        [end] if end < 0 => (-1, -1, end),
        [end] => (1, 1, end),
        [start, end] => (start, towards(start, end), end),
        [start, step, end] => (start, step, end),
        _ => return Err("a variable and one to three numbers are needed".to_owned()),
    };
    if step == 0 || (step > 0 && end < start) || (step < 0 && end > start) {
        return Err(format!("steps of {step} never lead from {start} to {end}"));
    }
    if hex && (start < 0 || end < 0) {
        return Err("numbers below 0 have no hexadecimal form here".to_owned());
    }
    let mut values = Vec::new();
    let mut next = Some(start);
    while let Some(n) = next.filter(|n| if step > 0 { *n <= end } else { *n >= end }) {
        if values.len() > MOST_LINES {
            return Err(format!("it repeats more than {MOST_LINES} times"));
        }
        values.push(vec![if hex { format!("{n:x}") } else { n.to_string() }]);
        next = n.checked_add(step);
    }
    Ok(Rounds { names: vec![variable], values })
}

fn list(given: &str) -> Result<Rounds, String> {
    let items = items(given)?;
    let Some((first, rest)) = items.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Err("a variable and its values are needed".to_owned());
    };
    let Some(names) = group(first) else {
        return Ok(Rounds { names: vec![name(first)?], values: rest.iter().map(|v| vec![v.clone()]).collect() });
    };
    let names = names.into_iter().map(|n| name(&n)).collect::<Result<Vec<_>, _>>()?;
    let mut values = Vec::new();
    for item in rest {
        let round = group(item).filter(|values| values.len() == names.len());
        values.push(round.ok_or_else(|| format!("`{item}` does not give {} values", names.len()))?);
    }
    Ok(Rounds { names, values })
}

/// What stands between the commas that are outside braces.
fn items(given: &str) -> Result<Vec<String>, String> {
    let (mut items, mut item, mut inside) = (Vec::new(), String::new(), false);
    for c in given.chars() {
        match c {
            '{' | '}' if inside == (c == '{') => return Err("its braces do not match".to_owned()),
            ',' if !inside => items.push(std::mem::take(&mut item).trim().to_owned()),
            _ => item.push(c),
        }
        inside = if inside { c != '}' } else { c == '{' };
    }
    items.push(item.trim().to_owned());
    if inside { Err("its braces do not match".to_owned()) } else { Ok(items) }
}

/// What stands between a pair of braces.
fn group(item: &str) -> Option<Vec<String>> {
    let inner = item.strip_prefix('{')?.strip_suffix('}')?;
    Some(inner.split(',').map(|v| v.trim().to_owned()).collect())
}
