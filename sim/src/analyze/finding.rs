//! The catalogue of what can be wrong in a capture: each with what it means, what causes it, and what helps.
use serde::Serialize;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Something is wrong.
    Error,
    /// Something may become wrong.
    Warning,
}

impl Weight {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Weight::Error => "error",
            Weight::Warning => "warning",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $id:literal, $weight:ident, $means:literal, $cause:literal, $remedy:literal;)*) => {
        /// What can be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)*];
            /// Its name.
            pub const fn id(self) -> &'static str { match self { $(Kind::$name => $id,)* } }
            /// How much it weighs.
            pub const fn weight(self) -> Weight { match self { $(Kind::$name => Weight::$weight,)* } }
            /// What it means.
            pub const fn means(self) -> &'static str { match self { $(Kind::$name => $means,)* } }
            /// What mostly causes it.
            pub const fn cause(self) -> &'static str { match self { $(Kind::$name => $cause,)* } }
            /// What helps.
            pub const fn remedy(self) -> &'static str { match self { $(Kind::$name => $remedy,)* } }
        }
    };
}

kinds! {
    /// Two masters.
    DoubleMaster => "double-master", Error,
        "Two routers are master of one virtual router at the same time: both answer for its addresses.",
        "They do not hear each other: a packet filter drops protocol 112, a switch loses multicast (IGMP snooping without a querier), the network is parted, or one refuses what the other sends.",
        "Where one refuses the other, mend that first; else let protocol 112 to 224.0.0.18 (or ff02::12) pass on all routers and switches, or list the others under `unicast_peer`.";
    /// Two clusters.
    VridClash => "vrid-clash", Error,
        "Routers with nothing in common use one VRID in one network.",
        "A second cluster was given a `virtual_router_id` that was taken.",
        "Give each cluster of a network its own `virtual_router_id`.";
    /// Authentication.
    AuthMismatch => "auth-mismatch", Error,
        "A router refuses adverts because of their authentication.",
        "`auth_type` or `auth_pass` differ; only the first eight characters of a password count.",
        "Write the same `authentication` block on all routers, or none, which VRRPv3 asks for anyway.";
    /// Intervals.
    IntervalMismatch => "interval-mismatch", Error,
        "A router refuses VRRPv2 adverts because their interval is not its own.",
        "`advert_int` differs.",
        "Write the same `advert_int` on all routers.";
    /// Versions.
    VersionMismatch => "version-mismatch", Error,
        "A router refuses adverts of another version of VRRP.",
        "`vrrp_version` differs, or one router is no keepalived and speaks VRRPv3 by default.",
        "Write the same `vrrp_version` on all routers.";
    /// Addresses.
    AddressMismatch => "address-mismatch", Error,
        "A router refuses adverts because they do not list its own virtual addresses.",
        "`virtual_ipaddress` differs; somebody added an address on one router only.",
        "Write the same `virtual_ipaddress` block on all routers; what differs belongs under `virtual_ipaddress_excluded`.";
    /// Multicast and unicast.
    DeliveryMismatch => "delivery-mismatch", Error,
        "One router sends its adverts to the group, the other to a peer, and neither hears them so.",
        "`unicast_peer` is configured on one router only.",
        "List each other under `unicast_peer` on all routers, or on none.";
    /// Two ways to sum.
    ChecksumDiffers => "checksum-differs", Error,
        "One router sums VRRPv3 over IPv4 with a pseudo header, the other without, and refuses what it reads.",
        "Implementations differ: keepalived sums a pseudo header, RFC 9568 none.",
        "Use one implementation, VRRPv2, or an option of the other router for this checksum.";
    /// Checksum.
    BadChecksum => "bad-checksum", Error,
        "Adverts have a wrong checksum: everybody drops them.",
        "Something between the routers changes packets, or a forger does not sum.",
        "Look for middleboxes, address translation or broken offloading of the network card (`ethtool -K DEV tx off rx off`).";
    /// TTL.
    BadTtl => "bad-ttl", Error,
        "Adverts to the group have a TTL other than 255: everybody drops them.",
        "A router or multicast proxy forwards them, or a forger sends them from another network.",
        "VRRP stays within one network: stop the forwarding, or use `unicast_peer` across routers.";
    /// Damaged.
    Malformed => "malformed", Error,
        "Packets of VRRP's protocol number are no sound adverts: everybody drops them.",
        "Damage on the way, another protocol with number 112 (CARP), or a forger.",
        "See the packets in a packet analyser; CARP and VRRP in one network need different numbers.";
    /// Too many changes.
    Flapping => "flapping", Error,
        "Mastership moves four times or more within a minute.",
        "A check script that fails now and then, a link that comes and goes, an overloaded host, or `advert_int` too short for the network.",
        "Give checks `rise` and `fall`, the preferred router `preempt_delay` or `nopreempt`, and adverts a longer interval.";
    /// No announcement.
    MissingAnnouncement => "missing-announcement", Error,
        "A new master does not announce its addresses: hosts go on sending to the old one.",
        "`garp_master_repeat 0`, port security that drops gratuitous ARP, or a daemon that cannot set its addresses.",
        "Set `garp_master_repeat` and `garp_master_delay`; allow the address pair at the port.";
    /// Two hardware addresses.
    TwoMacs => "two-macs", Error,
        "Two hardware addresses answer for one virtual address.",
        "Two masters, an address left behind by a killed keepalived, a host with the same address, or ARP spoofing.",
        "Find the host with the other hardware address; remove the address there (`ip address del`).";
    /// Nobody.
    NoMaster => "no-master", Warning,
        "For a long time nobody advertises.",
        "All routers are down or in FAULT (a tracked interface or script), or the capture lost packets.",
        "See the logs of that time for `Entering FAULT STATE`.";
    /// Missing adverts.
    AdvertGap => "advert-gap", Warning,
        "Adverts of a master are missing, though not so many that a backup takes over.",
        "Loss in the network or in the capture, a starved or paused host.",
        "See whether the host was busy (`vrrp_rt_priority`, `vrrp_priority`) or the virtual machine was moved.";
    /// Late adverts.
    AdvertJitter => "advert-jitter", Warning,
        "Adverts of a master come more than a quarter of an interval late.",
        "A busy host, or a virtual machine that has to wait for a processor.",
        "Give keepalived `vrrp_rt_priority`, or adverts a longer interval.";
    /// VLANs.
    VlanMismatch => "vlan-mismatch", Warning,
        "Routers with a common address are never heard in the same VLAN.",
        "A port or interface with the wrong VLAN.",
        "Put all routers of a virtual router into one VLAN.";
}
