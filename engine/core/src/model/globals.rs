//! `global_defs`, and what else a file says outside of blocks.
use alloc::string::String;
use alloc::vec::Vec;

use crate::time::Span;

/// The node-wide settings that outlive reading: what instances copy from `global_defs` is in the instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globals {
    /// `router_id`; the host's name where absent.
    pub router_id: Option<String>,
    /// `vrrp_startup_delay`.
    pub startup_delay: Span,
    /// `dynamic_interfaces`: interfaces may come and go.
    pub dynamic_interfaces: bool,
    /// `log_unknown_vrids`.
    pub log_unknown_vrids: bool,
    /// `interface_up_down_delays`.
    pub link_delays: Vec<LinkDelay>,
    /// `notify_fifo` and `vrrp_notify_fifo`, in this order: pipes that get a line for every change of state.
    pub fifos: Vec<String>,
    /// `fifo_write_vrrp_states_on_reload`.
    pub fifo_states_on_reload: bool,
    /// `no_email_faults`.
    pub no_mail_on_fault: bool,
}

/// One line of `interface_up_down_delays`: a change of link counts after it has lasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkDelay {
    /// The interface.
    pub interface: String,
    /// How long it must have been down.
    pub down: Span,
    /// How long it must have been up.
    pub up: Span,
}
