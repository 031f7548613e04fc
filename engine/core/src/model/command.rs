//! Programs that a node runs, and which of them on which change of state.
use alloc::string::String;
use alloc::vec::Vec;

/// A program with its arguments, and as whom it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The path and the arguments, unquoted.
    pub words: Vec<String>,
    /// The user, where one is named; `script_user` or its defaults otherwise.
    pub user: Option<RunAs>,
}

/// A user, and a group where one is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAs {
    /// User name.
    pub user: String,
    /// Group name; the user's own where absent.
    pub group: Option<String>,
}

/// What is told to whom when an instance or a group changes its state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// `notify_master`.
    pub master: Option<Program>,
    /// `notify_backup`.
    pub backup: Option<Program>,
    /// `notify_fault`.
    pub fault: Option<Program>,
    /// `notify_stop`.
    pub stop: Option<Program>,
    /// `notify_deleted`: runs instead of `notify_fault` when a reload drops the instance; instances only.
    pub deleted: Option<Deleted>,
    /// `notify_master_rx_lower_pri`; instances only.
    pub lower_priority: Option<Program>,
    /// `notify`: every change, with four more arguments.
    pub any: Option<Program>,
    /// `smtp_alert`, where it is said.
    pub mail: Option<bool>,
    /// `notify_priority_changes`, where it is said.
    pub priority_changes: Option<bool>,
}

/// `notify_deleted`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The program; without one the state DELETED is told to `notify` only.
    pub program: Option<Program>,
}
