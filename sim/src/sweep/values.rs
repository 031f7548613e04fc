//! `NAME=FROM..TO` and `NAME=ONE,TWO`: numbers as they are written, exact, with their unit.

/// So many parts of one: nine decimals are kept.
const SCALE: i128 = 1_000_000_000;
/// Parts of a range with a unit have no more decimals than this, where its ends have fewer.
const FINE: usize = 3;

/// A parameter and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary {
    /// What is varied.
    pub name: String,
    /// In the order in which they are played.
    pub values: Vec<Value>,
    /// Their unit; empty where none was written.
    pub unit: String,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As it is written into the scenario, with its unit.
    pub text: String,
    /// In billionths of its unit.
    pub number: i128,
}

impl Vary {
    /// Reads `NAME=VALUES`: a range, which is parted into so many steps, or a list. A unit at the last value is that of all.
    pub fn read(text: &str, steps: usize) -> Result<Vary, String> {
        let form = "write NAME=FROM..TO, such as advert_int=0.1..2, or NAME=VALUE,VALUE";
        let (name, values) = text.split_once('=').ok_or(form)?;
        let (name, values) = (name.trim(), values.trim());
        if name.is_empty() || values.is_empty() {
            return Err(form.to_owned());
        }
        if let Some((from, to)) = values.split_once("..") {
            let (from, to) = (Number::read(from)?, Number::read(to)?);
            let unit = common(&[&from, &to])?;
            if from.scaled >= to.scaled {
                return Err(format!("{values} is empty: the smaller end comes first"));
            }
            return Ok(Vary { name: name.to_owned(), values: range(&from, &to, &unit, steps), unit });
        }
        let numbers: Vec<Number> = values.split(',').map(Number::read).collect::<Result<_, String>>()?;
        let unit = common(&numbers.iter().collect::<Vec<_>>())?;
        let values = numbers.iter().map(|number| value(number.scaled, number.decimals, &unit)).collect();
        Ok(Vary { name: name.to_owned(), values, unit })
    }
}

struct Number {
    scaled: i128,
    decimals: usize,
    unit: String,
}

impl Number {
    fn read(text: &str) -> Result<Number, String> {
        let text = text.trim();
        let wrong = || format!("`{text}` is not a number with a unit, such as 0.5, 20% or 100us");
        let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, unit) = rest.split_at(end);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let spelled = unit.chars().all(|c| c.is_ascii_alphabetic() || c == '%');
        if whole.is_empty() || whole.len() > 15 || part.len() > 9 || part.contains('.') || !spelled {
            return Err(wrong());
        }
        let whole: i128 = whole.parse().map_err(|_| wrong())?;
        let billionths: i128 = format!("{part:0<9}").parse().map_err(|_| wrong())?;
        Ok(Number { scaled: sign * (whole * SCALE + billionths), decimals: part.len(), unit: unit.to_owned() })
    }
}

/// The unit of all: that of the last, where others have none.
fn common(numbers: &[&Number]) -> Result<String, String> {
    let unit = numbers.last().map(|last| last.unit.clone()).unwrap_or_default();
    match numbers.iter().find(|number| !number.unit.is_empty() && number.unit != unit) {
        Some(other) => Err(format!("`{}` and `{unit}` are two units: write all values in one", other.unit)),
        None => Ok(unit),
    }
}

/// Equal parts, rounded: as exactly as the ends are written, and to thousandths where there is a unit. Without one, whole
/// ends have whole numbers between them: what takes 1 and 2 may not take 1.5.
fn range(from: &Number, to: &Number, unit: &str, steps: usize) -> Vec<Value> {
    let written = from.decimals.max(to.decimals);
    let decimals = if unit.is_empty() { written } else { written.max(FINE) };
    let grain = (decimals..9).fold(1, |grain: i128, _| grain * 10);
    let parts = i128::try_from(steps.max(2) - 1).unwrap_or(1);
    let mut values: Vec<Value> = Vec::new();
    for part in 0..=parts {
        let exact = from.scaled + (to.scaled - from.scaled) * part / parts;
        let rounded = (exact + grain / 2).div_euclid(grain) * grain;
        let value = value(rounded, decimals, unit);
        if values.last() != Some(&value) {
            values.push(value);
        }
    }
    values
}

fn value(scaled: i128, decimals: usize, unit: &str) -> Value {
    Value { text: format!("{}{unit}", decimal(scaled, decimals)), number: scaled }
}

/// A number of billionths with so many decimals at most.
pub(super) fn decimal(scaled: i128, decimals: usize) -> String {
    let (sign, size) = (if scaled < 0 { "-" } else { "" }, scaled.abs());
    let part = format!("{:09}", size % SCALE);
    match part[..decimals.min(9)].trim_end_matches('0') {
        "" => format!("{sign}{}", size / SCALE),
        part => format!("{sign}{}.{part}", size / SCALE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, steps: usize) -> Result<String, String> {
        let vary = Vary::read(text, steps)?;
        Ok(vary.values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_range_is_as_exact_as_its_ends() {
        assert_eq!(texts("advert_int=0.1..2", 11).unwrap(), "0.1 0.3 0.5 0.7 0.9 1.1 1.2 1.4 1.6 1.8 2");
        assert_eq!(texts("priority=1..4", 11).unwrap(), "1 2 3 4");
        assert_eq!(texts("preempt_delay=0.0..1", 5).unwrap(), "0 0.3 0.5 0.8 1");
        assert_eq!(texts("weight=-20..0", 3).unwrap(), "-20 -10 0");
    }

    #[test]
    fn a_range_with_a_unit_has_thousandths() {
        assert_eq!(texts("loss=0..20%", 5).unwrap(), "0% 5% 10% 15% 20%");
        assert_eq!(texts("fault[0].at=8..9s", 5).unwrap(), "8s 8.25s 8.5s 8.75s 9s");
        assert_eq!(texts("delay=0ms..1ms", 4).unwrap(), "0ms 0.333ms 0.667ms 1ms");
    }

    #[test]
    fn a_list_is_taken_as_it_is() {
        assert_eq!(texts("advert_int=0.25,1,10", 11).unwrap(), "0.25 1 10");
        assert_eq!(texts("jitter = 1, 5, 20ms", 11).unwrap(), "1ms 5ms 20ms");
        let vary = Vary::read("loss=1.5%", 11).unwrap();
        assert_eq!((vary.values[0].number, vary.unit.as_str()), (1_500_000_000, "%"));
    }

    #[test]
    fn what_is_no_number_is_refused_in_words() {
        assert!(texts("advert_int", 11).unwrap_err().starts_with("write NAME=FROM..TO"));
        assert_eq!(texts("loss=0..x", 11).unwrap_err(), "`x` is not a number with a unit, such as 0.5, 20% or 100us");
        assert_eq!(texts("loss=20..0%", 11).unwrap_err(), "20..0% is empty: the smaller end comes first");
        assert_eq!(texts("delay=1us..1ms", 11).unwrap_err(), "`us` and `ms` are two units: write all values in one");
        assert!(texts("loss=1..2..3", 11).is_err() && texts("loss=1.2.3", 11).is_err() && texts("loss=-", 11).is_err());
    }
}
