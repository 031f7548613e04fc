//! What nftables drops for us, through the program `nft`: what comes to an address of `no_accept`, and the group reports of
//! macvlans. A report that leaves with the virtual MAC would tell the switches that the virtual router is here.
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::IpAddr;
use std::process::{Command, Stdio};

/// The table is ours; it is there while anything is dropped, and goes at the end.
const TABLE: &str = "inet vrrplabd";

/// An empty table with its rules. Neighbour discovery passes; ARP is not asked.
const EMPTY: &str = "\
add table inet vrrplabd
delete table inet vrrplabd
table inet vrrplabd {
  set v4 { type ipv4_addr; }
  set v6 { type ipv6_addr; }
  set quiet { type ifname; }
  chain input {
    type filter hook input priority -1; policy accept;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    ip daddr @v4 drop
    ip6 daddr @v6 drop
  }
  chain output {
    type filter hook output priority -1; policy accept;
    oifname @quiet ip protocol igmp drop
    oifname @quiet icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } drop
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    ip saddr @v4 drop
    ip6 saddr @v6 drop
  }
}
";

/// What is dropped.
#[derive(Default)]
pub struct Filter {
    addresses: BTreeSet<IpAddr>,
    macvlans: BTreeSet<String>,
    /// The table is there.
    made: bool,
}

impl Filter {
    /// Drops what comes to these addresses and what would leave from them, or lets it pass again.
    pub fn change(&mut self, ips: &[IpAddr], drop: bool) -> io::Result<()> {
        let news: Vec<IpAddr> = ips.iter().copied().filter(|ip| self.addresses.contains(ip) != drop).collect();
        let of = |six: bool| news.iter().filter(|ip| ip.is_ipv6() == six).map(IpAddr::to_string).collect::<Vec<_>>();
        self.run(&(elements(drop, "v4", &of(false)) + &elements(drop, "v6", &of(true))))?;
        for ip in news {
            if drop {
                self.addresses.insert(ip)
            } else {
                self.addresses.remove(&ip)
            };
        }
        Ok(())
    }

    /// Drops the group reports of a macvlan, or lets them pass again.
    pub fn silence(&mut self, macvlan: &str, drop: bool) -> io::Result<()> {
        if self.macvlans.contains(macvlan) == drop {
            return Ok(());
        }
        self.run(&elements(drop, "quiet", &[format!("\"{macvlan}\"")]))?;
        if drop {
            self.macvlans.insert(macvlan.to_owned())
        } else {
            self.macvlans.remove(macvlan)
        };
        Ok(())
    }

    fn run(&mut self, change: &str) -> io::Result<()> {
        if change.is_empty() {
            return Ok(());
        }
        let before = if self.made { "" } else { EMPTY };
        nft(&format!("{before}{change}"))?;
        self.made = true;
        Ok(())
    }

    /// Removes what a killed run has left: without this, addresses would stay unreachable that nobody filters any more.
    pub fn sweep(&self) -> io::Result<()> {
        match nft(&format!("add table {TABLE}\ndelete table {TABLE}\n")) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()), // without nft nothing was ever filtered
            done => done,
        }
    }

    /// Everything passes.
    pub fn clear(&mut self) -> io::Result<()> {
        (self.addresses, self.macvlans) = Default::default();
        if std::mem::take(&mut self.made) { nft(&format!("delete table {TABLE}\n")) } else { Ok(()) }
    }
}

/// The command that puts elements into a set, or takes them out.
fn elements(add: bool, set: &str, elements: &[String]) -> String {
    let verb = if add { "add" } else { "delete" };
    match elements {
        [] => String::new(),
        some => format!("{verb} element {TABLE} {set} {{ {} }}\n", some.join(", ")),
    }
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
    fn elements_of_a_set_change_in_one_command() {
        let addresses = ["10.0.0.100", "10.0.0.101"].map(str::to_owned);
        let expected = "add element inet vrrplabd v4 { 10.0.0.100, 10.0.0.101 }\n";
        assert_eq!(elements(true, "v4", &addresses), expected);
        assert_eq!(
            elements(false, "quiet", &["\"vrrp.51\"".into()]),
            "delete element inet vrrplabd quiet { \"vrrp.51\" }\n"
        );
        assert_eq!(elements(true, "v6", &[]), "");
    }

    #[test]
    fn neighbour_discovery_passes_before_anything_is_dropped_by_address() {
        for chain in ["chain input", "chain output"] {
            let rules = EMPTY.split(chain).nth(1).unwrap();
            assert!(rules.find("nd-neighbor-solicit").unwrap() < rules.find("addr @v4 drop").unwrap());
        }
    }
}
