//! The rule catalogue.
/// placeholder until the catalogue lands
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// x
    StartBackup,
}
