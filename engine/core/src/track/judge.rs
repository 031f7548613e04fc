//! What a script, a file, a process or a session is worth: pure judgements, in integers.

/// How a script stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not ended once.
    Unknown,
    /// It counts as well.
    Good,
    /// It counts as failed.
    Bad,
}

/// The memory of a script between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How it stands.
    pub standing: Standing,
    /// Results in a row that speak against its standing.
    pub against: u32,
}

impl Tally {
    /// A script that has not run.
    pub const NEW: Tally = Tally { standing: Standing::Unknown, against: 0 };

    /// The tally after one more run: the first result counts at once, later it takes `rise` or `fall` in a row.
    #[must_use]
    pub const fn after(self, good: bool, rise: u32, fall: u32) -> Tally {
        let (standing, needed) = match (self.standing, good) {
            (Standing::Unknown, _) => (if good { Standing::Good } else { Standing::Bad }, 0),
            (Standing::Good, true) | (Standing::Bad, false) => return Tally { standing: self.standing, against: 0 },
            (Standing::Good, false) => (Standing::Bad, fall),
            (Standing::Bad, true) => (Standing::Good, rise),
        };
        let against = self.against + 1;
        if against >= needed { Tally { standing, against: 0 } } else { Tally { standing: self.standing, against } }
    }
}

/// What one tracked thing does to one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// This is added to the priority.
    Adds(i32),
    /// The instance cannot take part.
    Fault,
    /// It is not known yet whether the instance can take part.
    Waits,
}

/// The largest weight in either direction.
const LARGEST: i64 = 253;

/// The worth of something that is either well or not: a script, a quorum of processes, a BFD session.
pub const fn worth(weight: i16, reverse: bool, standing: Standing) -> Worth {
    let good = match standing {
        Standing::Unknown if weight == 0 => return Worth::Waits,
        Standing::Unknown => return Worth::Adds(0),
        Standing::Good => true,
        Standing::Bad => false,
    };
    if weight == 0 {
        return if good == reverse { Worth::Fault } else { Worth::Adds(0) };
    }
    let signed = if reverse { -(weight as i32) } else { weight as i32 };
    Worth::Adds(if good == (weight > 0) { signed } else { 0 })
}

/// The worth of a file that says `value`: unweighted, any number but zero is a fault; weighted, the product counts, and
/// what would lower the priority by 254 or more is a fault.
pub const fn file_worth(weight: i16, reverse: bool, value: i32) -> Worth {
    if weight == 0 {
        return if (value != 0) == reverse { Worth::Adds(0) } else { Worth::Fault };
    }
    let product = value as i64 * weight as i64 * if reverse { -1 } else { 1 };
    if product < -LARGEST {
        Worth::Fault
    } else if product > LARGEST {
        Worth::Adds(LARGEST as i32)
    } else {
        Worth::Adds(product as i32)
    }
}

/// Whether so many processes are neither too few nor too many.
pub const fn quorum(count: u32, least: u32, most: Option<u32>) -> bool {
    match most {
        Some(most) => least <= count && count <= most,
        None => least <= count,
    }
}

/// The effective priority: base and weights, clamped to 1..=254; 255 never changes.
pub fn effective(base: u8, weights: i32) -> u8 {
    let total = i32::from(base).saturating_add(weights);
    if base == u8::MAX { base } else { u8::try_from(total.clamp(1, 254)).unwrap_or(254) }
}

/// The number at the beginning of a file, as C reads it: decimal, 0x and octal, with a sign; what follows does not matter.
/// Without a number it is 0, and it stays within 32 bits.
pub fn number(content: &[u8]) -> i32 {
    let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_start();
    let (negative, digits) = match line {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', rest @ ..] => (8, rest),
        rest => (10, rest),
    };
    let mut value: i64 = 0;
    for digit in digits.iter().map_while(|byte| char::from(*byte).to_digit(radix)) {
        value = value.saturating_mul(i64::from(radix)).saturating_add(i64::from(digit));
    }
    let signed = if negative { -value } else { value };
    i32::try_from(signed).unwrap_or(if negative { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_first_result_counts_whatever_rise_and_fall_say() {
        assert_eq!(Tally::NEW.after(true, 3, 2).standing, Standing::Good);
        assert_eq!(Tally::NEW.after(false, 3, 2).standing, Standing::Bad);
    }

    #[test]
    fn one_opposite_result_starts_the_count_again() {
        let mut tally = Tally::NEW.after(true, 3, 2);
        for (good, expected) in [
            (false, Standing::Good),
            (true, Standing::Good),
            (false, Standing::Good),
            (false, Standing::Bad),
            (true, Standing::Bad),
            (true, Standing::Bad),
            (false, Standing::Bad),
            (true, Standing::Bad),
            (true, Standing::Bad),
            (true, Standing::Good),
        ] {
            tally = tally.after(good, 3, 2);
            assert_eq!(tally.standing, expected);
        }
    }

    /// keepalived.md 3.2, the table.
    #[test]
    fn a_switch_is_worth_what_the_table_says() {
        use Standing::{Bad, Good, Unknown};
        for (weight, reverse, standing, expected) in [
            (0, false, Good, Worth::Adds(0)),
            (0, false, Bad, Worth::Fault),
            (0, true, Good, Worth::Fault),
            (0, true, Bad, Worth::Adds(0)),
            (0, false, Unknown, Worth::Waits),
            (10, false, Good, Worth::Adds(10)),
            (10, false, Bad, Worth::Adds(0)),
            (10, true, Good, Worth::Adds(-10)),
            (-10, false, Good, Worth::Adds(0)),
            (-10, false, Bad, Worth::Adds(-10)),
            (-10, true, Bad, Worth::Adds(10)),
            (-10, false, Unknown, Worth::Adds(0)),
        ] {
            assert_eq!(worth(weight, reverse, standing), expected, "{weight} {reverse} {standing:?}");
        }
    }

    /// keepalived.md 3.2, measured with weight 2, and unweighted.
    #[test]
    fn a_file_is_worth_its_number() {
        for (weight, reverse, value, expected) in [
            (2, false, 5, Worth::Adds(10)),
            (2, false, -10, Worth::Adds(-20)),
            (2, false, 300, Worth::Adds(253)),
            (2, false, -300, Worth::Fault),
            (1, false, -254, Worth::Fault),
            (1, false, -253, Worth::Adds(-253)),
            (2, true, 5, Worth::Adds(-10)),
            (254, false, i32::MIN, Worth::Fault),
            (0, false, 0, Worth::Adds(0)),
            (0, false, -1, Worth::Fault),
            (0, true, 0, Worth::Fault),
            (0, true, 7, Worth::Adds(0)),
        ] {
            assert_eq!(file_worth(weight, reverse, value), expected, "{weight} {reverse} {value}");
        }
    }

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        for (text, expected) in [
            ("-30\n", -30),
            ("1x", 1),
            ("", 0),
            ("x", 0),
            (" +7 8\n9", 7),
            ("0x10", 16),
            ("010", 8),
            ("0", 0),
            ("99999999999999999999999", i32::MAX),
            ("-99999999999", i32::MIN),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn the_priority_stays_within_1_and_254_and_an_owner_stays_an_owner() {
        let expected = [(100, -20, 80), (100, -300, 1), (250, 253, 254), (255, -100, 255), (100, i32::MIN, 1)];
        assert!(expected.iter().all(|(base, weights, is)| effective(*base, *weights) == *is));
    }

    #[test]
    fn a_quorum_has_a_lower_and_perhaps_an_upper_end() {
        let found = [(0, None), (1, None), (9, None), (2, Some(2)), (3, Some(2))].map(|(n, most)| quorum(n, 1, most));
        assert_eq!(found, [false, true, true, true, false]);
    }
}
