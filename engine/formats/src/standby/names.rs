//! Interface names: `FastEthernet0/0.100` becomes `eth0.100`, and two of them never become the same.
use std::collections::BTreeMap;

use crate::diagnostics::{Report, Spanned};

const ETHERNET: [&str; 6] =
    ["fastethernet", "gigabitethernet", "ethernet", "tengigabitethernet", "twentyfivegige", "hundredgige"];

/// The IOS interface that owns each name given out so far.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeMap<String, (String, String)>,
}

impl Names {
    /// The Linux name of an IOS interface, or an error.
    pub(super) fn linux(&mut self, ios: &Spanned<String>, report: &mut Report) -> Option<String> {
        let Some((kind, chain, name)) = rewrite(&ios.value) else {
            report
                .error(ios, format!("the interface `{}` has no name on Linux by rule", ios.value), "not translated")
                .help("Ethernet interfaces become `eth` with the last number of their slot, Vlan10 becomes `vlan10`");
            return None;
        };
        let own = (kind.to_owned(), chain);
        if let Some(other) = self.taken.get(&name).filter(|other| **other != own) {
            let title = format!("`{}` and another interface ({}{}) both become `{name}`", ios.value, other.0, other.1);
            report
                .error(ios, title, "not translated")
                .help("import one interface at a time and rename it in the result");
            return None;
        }
        self.taken.insert(name.clone(), own);
        Some(name)
    }
}

/// Kind in full, number chain, Linux name.
fn rewrite(ios: &str) -> Option<(&'static str, String, String)> {
    let digits = ios.find(|c: char| c.is_ascii_digit())?;
    let (letters, chain) = ios.split_at(digits);
    let letters = letters.to_ascii_lowercase();
    if letters.is_empty() {
        return None;
    }
    let last = chain.rsplit('/').next()?;
    let numbers: Vec<&str> = last.split('.').collect();
    let number = |n: &str| n.parse::<u16>().is_ok() && n.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() > 2 || !numbers.iter().all(|n| number(n)) || !chain.split(['/', '.']).all(number) {
        return None;
    }
    if let Some(kind) = ETHERNET.into_iter().find(|kind| kind.starts_with(&letters)) {
        return Some((kind, chain.to_owned(), format!("eth{last}")));
    }
    ("vlan".starts_with(&letters) && chain == last && numbers.len() == 1)
        .then(|| ("vlan", chain.to_owned(), format!("vlan{last}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_of_the_slot_is_kept() {
        let name = |ios| rewrite(ios).map(|(_, _, name)| name);
        let cases = [
            ("FastEthernet0/0.100", Some("eth0.100")),
            ("f0/0.12", Some("eth0.12")),
            ("f0/1", Some("eth1")),
            ("Gi1/0/3", Some("eth3")),
            ("Vlan10", Some("vlan10")),
            ("Loopback0", None),
            ("f", None),
            ("f0/", None),
            ("f+1", None),
            ("0/0", None),
        ];
        for (ios, linux) in cases {
            assert_eq!(name(ios).as_deref(), linux, "{ios}");
        }
    }
}
