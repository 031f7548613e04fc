//! The rule catalogue: every decision names one of these; each has a source and one sentence.
use core::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident => $id:literal, $source:literal, $sentence:literal;)*) => {
        /// The name of a reason. `vrrplab explain RULE` prints its source and sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $(#[doc = $sentence] $name,)* }

        impl Rule {
            /// Every rule, in catalogue order.
            pub const ALL: &'static [Rule] = &[$(Rule::$name,)*];

            /// Its stable name, as printed in timelines and capture comments.
            pub const fn id(self) -> &'static str { match self { $(Rule::$name => $id,)* } }
            /// Where it comes from: an RFC section, or how keepalived 2.2.7 was measured or documented to behave.
            pub const fn source(self) -> &'static str { match self { $(Rule::$name => $source,)* } }
            /// What it says, in one sentence.
            pub const fn sentence(self) -> &'static str { match self { $(Rule::$name => $sentence,)* } }
        }
    };
}

rules! {
    StartBackup => "start-backup", "RFC 9568 6.4.1; keepalived: state MASTER does not shorten it", "A router starts in BACKUP and waits for the full down timer.";
    StartOwner => "start-owner", "RFC 9568 6.4.1; keepalived: needs priority 255 and state MASTER", "The address owner becomes MASTER at once.";
    StartFault => "start-fault", "keepalived: tracked interface down or no source address", "A router whose interface is unusable starts in FAULT.";
    StartWaits => "start-waits-for-script", "keepalived: vrrp_script without weight, measured", "Until an unweighted script has a first result, its instances wait in FAULT and say nothing.";
    StartLeftover => "start-leftover", "keepalived: virtual addresses found at start are removed", "Virtual addresses left by an earlier run are removed at start.";
    BackupTimerExpired => "backup-timer-expired", "RFC 9568 6.4.2 (365)", "No acceptable advert came within the down timer, so the backup becomes MASTER.";
    GroupWaits => "group-waits", "keepalived: vrrp_sync_group", "A member whose timer expired waits until every member of its sync group wants to be MASTER.";
    GroupToMaster => "group-to-master", "keepalived: vrrp_sync_group", "The last member of the group became MASTER and takes the others with it.";
    GroupToBackup => "group-to-backup", "keepalived: vrrp_sync_group", "A member of the group lost mastership, or its fault is gone, and it takes the others with it.";
    GroupToFault => "group-to-fault", "keepalived: vrrp_sync_group", "A member of the group is in FAULT and takes the others with it.";
    GroupTells => "group-tells", "keepalived: vrrp_sync_group notify", "A group tells its scripts and pipes when it has changed its state, after its members have.";
    BackupHearsMaster => "backup-hears-master", "RFC 9568 6.4.2 (445)", "An advert of equal or higher priority restarts the down timer.";
    BackupHearsRelease => "backup-hears-release", "RFC 9568 6.4.2 (425)", "Priority 0 says that the master stops: only the skew is waited for.";
    BackupDiscardsLower => "backup-discards-lower", "RFC 9568 6.4.2 (460)", "A preempting backup ignores adverts of lower priority and lets its timer run out.";
    BackupNopreempt => "backup-nopreempt", "RFC 9568 6.4.2 (445); keepalived: nopreempt", "Without preemption an advert of lower priority restarts the down timer too.";
    BackupPreemptDelay => "backup-preempt-delay", "keepalived: preempt_delay", "Until preempt_delay has passed, adverts of lower priority restart the down timer.";
    BackupPreemptDelayOver => "backup-preempt-delay-over", "keepalived: preempt_delay", "After preempt_delay, adverts of lower priority are ignored.";
    MasterAdvertises => "master-advertises", "RFC 9568 6.4.3 (645)", "The advert timer of the master expired: it advertises.";
    MasterHearsRelease => "master-hears-release", "RFC 9568 6.4.3 (665)", "A master that hears priority 0 advertises at once.";
    MasterHearsHigher => "master-hears-higher", "RFC 9568 6.4.3 (705)", "A master that hears a higher priority becomes BACKUP.";
    MasterHearsEqualHigherAddress => "master-hears-equal-higher-address", "RFC 9568 6.4.3 (705)", "On equal priority the master with the lower address becomes BACKUP.";
    MasterAnswersLower => "master-answers-lower", "RFC 9568 6.4.3 (730); keepalived: forcing new election, garp_lower_prio_repeat", "A master that hears a worse advert answers with its own at once.";
    MasterKeepsSilent => "master-keeps-silent", "RFC 3768 6.4.3; keepalived: lower_prio_no_advert", "A master that hears a worse advert discards it.";
    MasterHearsItself => "master-hears-itself", "keepalived: equal priority advert with our IP address", "An advert of equal priority from the own address changes nothing.";
    OwnerMeetsOwner => "owner-meets-owner", "keepalived 2.2.7: reducing local priority", "An owner that hears another owner reduces its priority to 254 and yields.";
    FaultAppears => "fault-appears", "keepalived: tracked interface down or no source address", "A tracked interface went down: the router is unable to take part.";
    FaultClears => "fault-clears", "keepalived: recovery passes through BACKUP", "The last fault is gone: the router starts again in BACKUP with a full down timer.";
    AddressTaken => "address-taken", "keepalived: virtual address, route or rule removed from outside", "Somebody removed a virtual address, or a virtual route or rule that is tracked, from the master: it releases and becomes BACKUP for one skew.";
    StaticItem => "static-item", "keepalived 2.2.7, measured: static_ipaddress, static_routes, static_rules", "What is static is set before the virtual routers start, again when it is taken away or its interface comes up, and removed after them.";
    Stop => "stop", "RFC 9568 6.4.3 (655); keepalived on SIGTERM", "On stop the master sends priority 0, then removes its addresses.";
    ChildRespawns => "child-respawns", "keepalived 2.2.7, measured", "The parent starts a VRRP child that died again: at once, after the next death 1 s later, then twice as long each time, at most 60 s.";
    Reload => "reload", "keepalived on SIGHUP", "A reload keeps the state of every virtual router that it still finds.";
    ReloadRemoved => "reload-removed", "keepalived on SIGHUP", "A virtual router that the new configuration lacks is released.";
    PriorityChanges => "priority-changes", "keepalived: weight of what is tracked", "A weighted tracker changed the effective priority; a running down timer is shifted by the difference.";
    StartupDelay => "startup-delay", "keepalived 2.2.7, measured: vrrp_startup_delay", "While the start is delayed, down timers are counted from its end, and an ignored advert puts its takeover off further.";
    LinkDelayed => "link-delayed", "keepalived: interface_up_down_delays", "A change of link counts after it has lasted.";
    PacedAnnounce => "paced-announce", "keepalived: vrrp_garp_interval, vrrp_gna_interval", "Announcements on one interface keep their distance; an address that waits is announced once.";
    NoAccept => "no-accept", "RFC 9568 6.1 (Accept_Mode); keepalived: strict mode, no_accept", "A router that does not own its virtual addresses drops what comes to them.";
    PromoteSecondaries => "promote-secondaries", "keepalived: promote_secondaries", "The removal of a primary address shall not take the secondary ones along.";
    Macvlan => "macvlan", "keepalived: use_vmac", "A virtual router with a MAC of its own has a macvlan from start to stop; its addresses live there.";
    ReloadGroupGrows => "reload-group-grows", "keepalived 2.2.7, measured", "A sync group that gains a member by a reload falls back to BACKUP without a release, and waits for the new member.";
    ScriptRuns => "script-runs", "keepalived: vrrp_script interval", "A script runs at start and then every interval, counted from start to start.";
    ScriptJudged => "script-judged", "keepalived: vrrp_script rise and fall", "The first result counts at once; later it takes rise successes or fall failures in a row.";
    ScriptTimeout => "script-timeout", "keepalived: vrrp_script timeout", "A script that runs too long is ended with SIGTERM, two seconds later with SIGKILL; that is a failure.";
    ScriptOverlaps => "script-overlaps", "keepalived 2.2.7, measured", "A script that is still running when it is due runs a second time beside itself.";
    ScriptKept => "script-kept", "keepalived on SIGHUP", "A script of the same name counts after a reload as it did before.";
    FileTracked => "file-tracked", "keepalived: track_file", "The number in the first line of a file, times its weight, is added to the priority.";
    FileInit => "file-init", "keepalived: init_file", "A tracked file that is missing is made at start.";
    ProcessQuorum => "process-quorum", "keepalived: vrrp_track_process", "As many processes run as quorum and quorum_max ask for, or not.";
    BfdTracked => "bfd-tracked", "keepalived: track_bfd", "A tracked BFD session came up or went down.";
    IntervalLearned => "interval-learned", "RFC 9568 6.1 (Active_Adver_Interval)", "A v3 backup takes over the interval of its master.";
    DelayedAnnounce => "delayed-announce", "keepalived: garp_master_delay", "The master repeats its announcements after garp_master_delay.";
    DelayedLowerPrioAnnounce => "delayed-lower-prio-announce", "keepalived: garp_lower_prio_delay", "The master repeats its answer to a worse advert after garp_lower_prio_delay.";
    RefreshAnnounce => "refresh-announce", "keepalived: garp_master_refresh", "The master refreshes its announcements.";
    ExtraAnnounce => "extra-announce", "keepalived: garp_extra_if, measured", "With its adverts, the master also announces the first address of each further interface now and then.";
    RefusedRearms => "refused-rearms-master", "keepalived 2.2.7, measured", "A master restarts its advert timer on any packet of its virtual router, even a refused one.";
    ReceiveNotVrrp => "receive-not-vrrp", "RFC 9568 5.1.1.4", "The packet is not VRRP.";
    ReceiveVrid => "receive-vrid", "RFC 9568 7.1", "No virtual router with this VRID is configured on the interface.";
    ReceiveIpHeader => "receive-ip-header", "RFC 1122 3.2.1", "The IP header is damaged; the kernel drops it.";
    ReceiveIpFragment => "receive-ip-fragment", "VRRP messages are never fragmented", "The packet is an IP fragment.";
    ReceiveOwnPacket => "receive-own-packet", "RFC 1122 3.2.1.3 (martian source)", "The source is one of the own addresses.";
    ReceiveDestination => "receive-destination", "RFC 9568 5.1.1.2, 5.1.2.2", "The destination is neither the VRRP group nor an own address.";
    ReceiveDelivery => "receive-delivery-mode", "keepalived: unicast_peer", "A unicast packet came where multicast is expected, or from no peer, or the other way round.";
    ReceiveLength => "receive-length", "RFC 9568 7.1", "The length does not fit the count of addresses.";
    ReceiveTtl => "receive-ttl", "RFC 9568 5.1.1.3, 7.1", "The TTL or hop limit is not 255: the packet crossed a router.";
    ReceiveVersion => "receive-version", "RFC 9568 7.1", "The version is not the configured one.";
    ReceiveAuthUnknown => "receive-auth-type-unknown", "RFC 2338 5.3.6", "The authentication type is unknown.";
    ReceiveAuthMismatch => "receive-auth-type-mismatch", "RFC 2338 7.1", "The authentication type is not the configured one.";
    ReceiveAuthFailure => "receive-auth-failure", "RFC 2338 7.1", "The password is not the configured one, or the authentication header was not made with it or not by the sender.";
    ReceiveAuthReplay => "receive-auth-replay", "RFC 2402 3.4.3; keepalived: one counter for what is sent and what is accepted", "The sequence number of the authentication header is not higher than the last one.";
    ReceiveInterval => "receive-interval-mismatch", "RFC 3768 7.1", "The interval of a v2 advert is not the configured one.";
    ReceiveIntervalZero => "receive-interval-zero", "RFC 9568 5.2.7", "The interval is zero.";
    ReceiveType => "receive-type", "RFC 9568 5.2.2", "The packet type is not ADVERTISEMENT.";
    ReceiveCount => "receive-count", "keepalived 2.2.7, measured", "The count of addresses is not the configured one.";
    ReceiveCountZero => "receive-count-zero", "RFC 9568 5.2.5", "The advert carries no address.";
    ReceiveChecksum => "receive-checksum", "RFC 9568 5.2.8", "The checksum is wrong.";
    ReceiveAddressList => "receive-address-list", "RFC 9568 7.1; keepalived: skip_check_adv_addr", "An own virtual address is missing in the advert.";
    ReceiveFirstAddress => "receive-first-not-link-local", "RFC 9568 5.2.9", "The first address of an IPv6 advert is not link-local.";
    ReceiveOwner => "receive-owner", "RFC 9568 7.1", "The own router is the address owner and ignores adverts.";
    ServersStart => "servers-start", "keepalived 2.2.7, measured: checker child at start", "All real servers are taken as alive and put into the table, but those of which a checker begins as failed (alpha).";
    ServersStop => "servers-stop", "keepalived 2.2.7, measured: checker child on SIGTERM", "At stop every real server leaves the table, then its service; with omega the programs of living servers and of the quorum run.";
    ServersReload => "servers-reload", "keepalived on SIGHUP", "A reload keeps servers of the same address and checkers that ask the same, and all checkers warm up again; what is dropped goes down.";
    CheckActivated => "check-activated", "keepalived 2.2.7, measured: warmup", "A checker asks for the first time after 1 s and a random part of its warmup.";
    CheckSuspended => "check-suspended", "keepalived: ha_suspend", "Checkers pause while the address of their service is not on this host; what they found stays.";
    CheckRuns => "check-runs", "keepalived: delay_loop", "A checker asks again delay_loop after the last attempt ended (MISC_CHECK: began).";
    CheckRetries => "check-retries", "keepalived: retry, delay_before_retry", "A failed attempt is repeated before it counts.";
    CheckTimeout => "check-timeout", "keepalived: misc_timeout", "A program that runs too long is ended with SIGTERM, two seconds later with SIGKILL, and has failed.";
    CheckContent => "check-content", "keepalived 2.2.7, measured", "An attempt succeeded, and the checker was not content before, or had no result yet.";
    CheckFails => "check-fails", "keepalived 2.2.7, measured", "The last retry failed too; at the first start one failure is enough, but for SMTP_CHECK.";
    CheckPageWell => "check-page-well", "keepalived 2.2.7, measured: HTTP_GET", "After a failure the failed page must be well alone, and then all pages once more, delay_loop apart.";
    CheckUnjudged => "check-unjudged", "vrrplab", "The regular expression for a page has what only PCRE2 can read: such a page counts as good.";
    CheckFile => "check-file", "keepalived: FILE_CHECK", "The number in a file changes the weight of the server, or says whether it is alive.";
    CheckSession => "check-session", "keepalived: BFD_CHECK", "A BFD session says whether the server is alive.";
    ServerAdded => "server-added", "keepalived 2.2.7, measured", "The last failed checker of a server is content again: the server comes back into the table.";
    ServerRemoved => "server-removed", "keepalived 2.2.7, measured; inhibit_on_failure", "A checker of a server has failed: the server leaves the table, or gets weight 0.";
    ServerRefused => "server-refused", "keepalived 2.2.7, measured", "The kernel refuses to add or remove a server: it and its checker stay as they were, and the next result of that kind tries again.";
    ServerWeight => "server-weight", "keepalived 2.2.7, measured: misc_dynamic, FILE_CHECK weight", "A checker wishes another weight for a server that is alive.";
    QuorumGained => "quorum-gained", "keepalived: quorum, hysteresis", "The weight that is alive has come up to quorum plus hysteresis.";
    QuorumLost => "quorum-lost", "keepalived: quorum, hysteresis", "The weight that is alive has fallen below quorum minus hysteresis, or to nothing.";
    SorryServerIn => "sorry-server-in", "keepalived 2.2.7, measured: sorry_server", "Without quorum the sorry server takes the place of the servers that are alive.";
    SorryServerOut => "sorry-server-out", "keepalived 2.2.7, measured: sorry_server", "With the quorum back, the servers that are alive take the place of the sorry server.";
}

impl Rule {
    /// The rule with this id.
    pub fn named(id: &str) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
