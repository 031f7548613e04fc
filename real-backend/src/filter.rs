//! `no_accept`: what comes to a virtual address is dropped by nftables, through the program `nft`.
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::IpAddr;
use std::process::{Command, Stdio};

/// The table is ours; it is there while an address is filtered, and goes at the end.
const TABLE: &str = "inet vrrplabd";

/// The addresses that are filtered.
#[derive(Default)]
pub struct Filter {
    addresses: BTreeSet<IpAddr>,
    /// The table is there.
    made: bool,
}

impl Filter {
    /// Drops what comes to these addresses and what would leave from them, or lets it pass again.
    pub fn change(&mut self, ips: &[IpAddr], drop: bool) -> io::Result<()> {
        let before = self.addresses.clone();
        for ip in ips {
            if drop {
                self.addresses.insert(*ip)
            } else {
                self.addresses.remove(ip)
            };
        }
        if self.addresses == before {
            return Ok(());
        }
        let done = nft(&script(&self.addresses));
        match &done {
            Ok(()) => self.made = !self.addresses.is_empty(),
            Err(_) => self.addresses = before,
        }
        done
    }

    /// Everything passes.
    pub fn clear(&mut self) -> io::Result<()> {
        self.addresses.clear();
        if std::mem::take(&mut self.made) { nft(&script(&self.addresses)) } else { Ok(()) }
    }
}

/// One transaction: the old table goes, the new one comes. Neighbour discovery passes; ARP is not asked.
fn script(addresses: &BTreeSet<IpAddr>) -> String {
    let mut text = format!("add table {TABLE}\ndelete table {TABLE}\n");
    if addresses.is_empty() {
        return text;
    }
    let list = |six: bool| {
        let texts: Vec<String> = addresses.iter().filter(|ip| ip.is_ipv6() == six).map(IpAddr::to_string).collect();
        texts.join(", ")
    };
    text += &format!("table {TABLE} {{\n");
    for (chain, side) in [("input", "daddr"), ("output", "saddr")] {
        text += &format!(" chain {chain} {{\n  type filter hook {chain} priority -1; policy accept;\n");
        text += "  icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n";
        for (family, six) in [("ip", false), ("ip6", true)] {
            let list = list(six);
            if !list.is_empty() {
                text += &format!("  {family} {side} {{ {list} }} drop\n");
            }
        }
        text += " }\n";
    }
    text + "}\n"
}

/// Runs `nft`, and waits: the addresses must not be set before they are filtered.
fn nft(script: &str) -> io::Result<()> {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(script.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_in_one_transaction_and_neighbour_discovery_passes_first() {
        let addresses = ["10.0.0.100", "10.0.0.101", "fe80::1"].map(|ip| ip.parse().unwrap()).into();
        let text = script(&addresses);
        assert!(text.starts_with("add table inet vrrplabd\ndelete table inet vrrplabd\n"));
        assert!(text.contains("ip daddr { 10.0.0.100, 10.0.0.101 } drop"));
        assert!(text.contains("ip6 saddr { fe80::1 } drop"));
        assert!(text.find("nd-neighbor-solicit").unwrap() < text.find("drop").unwrap());
    }

    #[test]
    fn without_addresses_there_is_no_table() {
        assert_eq!(script(&BTreeSet::new()).lines().count(), 2);
    }
}
