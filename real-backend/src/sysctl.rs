//! Kernel settings of interfaces. What is changed is put back at the end.
use std::fs;
use std::io;

/// Settings that were changed, with what they were.
#[derive(Default)]
pub struct Sysctls {
    changed: Vec<(String, String)>,
}

/// What a setting of `net` is now.
fn read(key: &str) -> io::Result<String> {
    fs::read_to_string(path(key)).map(|text| text.trim().to_owned())
}

fn path(key: &str) -> String {
    format!("/proc/sys/net/{key}")
}

impl Sysctls {
    /// Sets a setting and remembers what it was; nothing happens where it is so already.
    pub fn set(&mut self, key: &str, value: &str) {
        let before = match read(key) {
            Ok(before) if before == value => return,
            Ok(before) => before,
            Err(why) => return tracing::warn!(key, %why, "this setting cannot be read"),
        };
        match fs::write(path(key), value) {
            Ok(()) if self.changed.iter().any(|(known, _)| known == key) => {}
            Ok(()) => self.changed.push((key.to_owned(), before)),
            Err(why) => tracing::warn!(key, value, %why, "this setting cannot be changed"),
        }
    }

    /// A macvlan answers ARP for its own addresses only, and takes adverts whose source is an address of the host below.
    pub fn prepare_macvlan(&mut self, name: &str, base: &str, six: bool) {
        for (key, value) in [("arp_ignore", "1"), ("accept_local", "1"), ("rp_filter", "0")] {
            self.once(&format!("ipv4/conf/{name}/{key}"), value);
        }
        // one of an IPv6 router gets no address from the virtual MAC: both routers would have the same
        let (key, value) = if six { ("addr_gen_mode", "1") } else { ("disable_ipv6", "1") };
        self.once(&format!("ipv6/conf/{name}/{key}"), value);
        for key in ["arp_ignore", "arp_filter"] {
            self.set(&format!("ipv4/conf/{base}/{key}"), "1");
        }
        self.loosen_reverse_path();
    }

    /// The stricter of `all` and an interface's own filter counts, so for a macvlan to have none `all` must be 0; the other
    /// interfaces keep what they had.
    fn loosen_reverse_path(&mut self) {
        let Ok(all) = read("ipv4/conf/all/rp_filter") else { return };
        if all == "0" {
            return;
        }
        let names = fs::read_dir(path("ipv4/conf")).into_iter().flatten().flatten();
        for name in names.filter_map(|entry| entry.file_name().into_string().ok()) {
            let key = format!("ipv4/conf/{name}/rp_filter");
            let is_macvlan = read(&format!("ipv4/conf/{name}/accept_local")).is_ok_and(|on| on == "1");
            if name != "all" && !is_macvlan && read(&key).is_ok_and(|own| own < all) {
                self.set(&key, &all);
            }
        }
        self.set("ipv4/conf/all/rp_filter", "0");
    }

    /// Secondary addresses take the place of primary ones that are removed.
    pub fn promote_secondaries(&mut self, name: &str) {
        self.once(&format!("ipv4/conf/{name}/promote_secondaries"), "1");
    }

    /// Sets what need not be put back.
    fn once(&mut self, key: &str, value: &str) {
        if let Err(why) = fs::write(path(key), value) {
            tracing::warn!(key, value, %why, "this setting cannot be changed");
        }
    }

    /// Puts everything back, the last change first.
    pub fn restore(&mut self) {
        for (key, value) in self.changed.drain(..).rev() {
            if let Err(why) = fs::write(path(&key), &value) {
                tracing::debug!(key, value, %why, "this setting cannot be put back");
            }
        }
    }
}
