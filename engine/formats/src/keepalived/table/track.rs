//! Keywords of what is tracked, and of the small blocks beside it.
use super::{Block, LONGEST, MANY, Section, Takes, U32, kept, modelled, not_yet, refused};

/// `vrrp_script`
#[rustfmt::skip]
pub(super) static SCRIPT: Section = Section {
    block: Block::Script,
    header: "vrrp_script NAME { }",
    keywords: &[
        modelled("script", Takes::Program, "", "the program: exit code 0 is good; required"),
        modelled("interval", Takes::Seconds(1_000_000, LONGEST), "1", "from one start to the next"),
        modelled("timeout", Takes::Seconds(1_000_000, LONGEST), "the interval", "after this it is killed and has failed"),
        modelled("weight", Takes::Weight(253), "0", "added to the priority; 0: its failure is a fault"),
        modelled("rise", Takes::Int(1, U32), "1", "so many successes until it counts as good"),
        modelled("fall", Takes::Int(1, U32), "1", "so many failures until it counts as failed"),
        kept("user", Takes::Words(1, 2, "USER [GROUP]"), "script_user", "who runs it"),
        modelled("init_fail", Takes::Nothing, "off", "no effect in 2.2.7 once an instance tracks the script"),
    ],
    shared: &[],
};

/// `track_file`
#[rustfmt::skip]
pub(super) static FILE: Section = Section {
    block: Block::File,
    header: "track_file NAME { }",
    keywords: &[
        modelled("file", Takes::Word("PATH"), "", "the file with the number; required"),
        modelled("weight", Takes::Weight(254), "1", "the number times this is added to the priority; 0: any number but 0 is a fault"),
        modelled("init_file", Takes::Words(0, 2, "[NUMBER] [overwrite]"), "", "the file is made with this number"),
    ],
    shared: &[],
};

/// `vrrp_track_process`
#[rustfmt::skip]
pub(super) static PROCESS: Section = Section {
    block: Block::Process,
    header: "vrrp_track_process NAME { }",
    keywords: &[
        modelled("process", Takes::Words(1, MANY, "COMMAND [ARGUMENTS]"), "", "which processes; required"),
        modelled("param_match", Takes::Words(0, 1, "[initial|partial]"), "arguments do not matter", "how arguments are compared"),
        modelled("weight", Takes::Weight(254), "0", "added to the priority; 0: no quorum is a fault"),
        modelled("quorum", Takes::Int(1, 65_535), "1", "so many must run"),
        modelled("quorum_max", Takes::Int(0, 65_535), "no limit", "more of them are no quorum either"),
        modelled("delay", Takes::Seconds(1, 3_600_000_000), "0", "both fork_delay and terminate_delay"),
        modelled("fork_delay", Takes::Seconds(1, 3_600_000_000), "0", "how long a quorum must last to count"),
        modelled("terminate_delay", Takes::Seconds(1, 3_600_000_000), "0", "how long a lack must last to count"),
        modelled("full_command", Takes::Nothing, "off", "the whole command line is compared"),
    ],
    shared: &[],
};

/// `bfd_instance`
#[rustfmt::skip]
pub(super) static BFD: Section = Section {
    block: Block::Bfd,
    header: "bfd_instance NAME { }",
    keywords: &[
        modelled("neighbor_ip", Takes::Address, "", "the other end; required"),
        modelled("neighbour_ip", Takes::Address, "", "the other end"),
        modelled("source_ip", Takes::Address, "the system's choice", "this end"),
        kept("min_rx", Takes::Millis(1_000, LONGEST), "10", "the session's state is told by the scenario"),
        kept("min_tx", Takes::Millis(1_000, LONGEST), "10", "the session's state is told by the scenario"),
        kept("idle_tx", Takes::Millis(1_000_000, LONGEST), "1000", "the session's state is told by the scenario"),
        kept("multiplier", Takes::Int(1, 255), "5", "the session's state is told by the scenario"),
        kept("passive", Takes::Nothing, "off", "the session's state is told by the scenario"),
        kept("ttl", Takes::Int(1, 255), "255 for IPv4, 64 for IPv6", "the session's state is told by the scenario"),
        kept("hoplimit", Takes::Int(1, 255), "255 for IPv4, 64 for IPv6", "the session's state is told by the scenario"),
        kept("max_hops", Takes::Int(-1, 255), "0", "the session's state is told by the scenario"),
        modelled("weight", Takes::Weight(253), "0", "added to the priority; 0: a session that is down is a fault"),
        modelled("vrrp", Takes::Nothing, "both", "instances may track it"),
        modelled("checker", Takes::Nothing, "both", "real servers may track it"),
        refused("multihop", Takes::Nothing, "known from 2.3 on"),
    ],
    shared: &[],
};

/// `garp_group`
#[rustfmt::skip]
pub(super) static GARP_GROUP: Section = Section {
    block: Block::GarpGroup,
    header: "garp_group { }",
    keywords: &[
        not_yet("garp_interval", Takes::Seconds(1, LONGEST), "0", "the gap between two ARP announcements"),
        not_yet("gna_interval", Takes::Seconds(1, LONGEST), "0", "the gap between two neighbour advertisements"),
        not_yet("interface", Takes::Word("IF"), "", "the only interface of the group"),
        not_yet("interfaces", Takes::Lines("IF"), "", "the interfaces of the group: together they keep the gap"),
    ],
    shared: &[],
};

/// `track_group`
#[rustfmt::skip]
pub(super) static TRACK_GROUP: Section = Section {
    block: Block::TrackGroup,
    header: "track_group NAME { }",
    keywords: &[kept("group", Takes::Lines("INSTANCE"), "", "the instances")],
    shared: &[],
};
