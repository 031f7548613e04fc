//! The kinds of faults that are drawn.

macro_rules! kinds {
    ($($name:ident => $id:literal, $sentence:literal;)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $(#[doc = $sentence] $name,)* }

        impl Kind {
            /// Every kind. New ones come last: how often each is drawn depends on its place here.
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)*];

            /// Its name, in labels of chance and in reports.
            pub const fn id(self) -> &'static str { match self { $(Kind::$name => $id,)* } }
        }
    };
}

kinds! {
    Crash => "crash", "Power loss, and power again.";
    Kill => "kill", "SIGKILL of the daemon, and another start.";
    Stop => "stop", "SIGTERM of the daemon, and another start.";
    Pause => "pause", "SIGSTOP and SIGCONT.";
    Stun => "stun", "The machine stands still for a while.";
    Starve => "starve", "The daemon gets the processor late for a while.";
    Drift => "drift", "The clock runs at another speed for a while.";
    ClockStep => "clock-step", "The wall clock is set.";
    KillChild => "kill-child", "SIGKILL of keepalived's VRRP process.";
    Priority => "priority", "A reload with another priority, and one with the old.";
    PortDown => "port-down", "No carrier for a while.";
    NicDown => "nic-down", "The interface is set down for a while.";
    Cut => "cut", "All frames of a port are dropped, both ways or one way.";
    CutSome => "cut-some", "VRRP, multicast or ARP of a port is dropped, both ways or one way.";
    Vlan => "vlan", "A port is in another VLAN for a while.";
    Recreated => "recreated", "The device vanishes and comes back.";
    VipRemoved => "vip-removed", "A virtual address is removed by hand.";
    Loss => "loss", "A link loses frames.";
    Delay => "delay", "A link is slow.";
    Jitter => "jitter", "A link is now and then slow.";
    Duplicate => "duplicate", "Frames of a link come twice.";
    Reorder => "reorder", "Frames of a link overtake one another.";
    Corrupt => "corrupt", "Bits of a link flip.";
    Partition => "partition", "A network falls into two parts.";
    Storm => "storm", "Broadcasts and multicasts come many times.";
    TrunkDown => "trunk-down", "A link between switches fails for a while.";
    Querier => "querier", "The IGMP querier is switched off for a while.";
    ScriptFails => "script-fails", "A tracked script fails for a while.";
    ScriptHangs => "script-hangs", "A tracked script does not end for a while.";
    Processes => "processes", "The tracked processes are gone for a while.";
    Session => "session", "A BFD session is down for a while.";
    Service => "service", "A service refuses, is silent or slow for a while.";
}
