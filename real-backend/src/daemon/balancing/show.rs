//! What operators are shown: the kernel's table, and the real servers as the checkers see them.
use vrrplab_formats::control::{Checked, Ipvs};

use super::Balancing;
use crate::system::{Servers, System};

impl<S: System> Balancing<S> {
    /// The table as it is at this moment, and the real servers. Where nothing is balanced, both are empty.
    pub fn show(&mut self) -> std::io::Result<Ipvs> {
        let services = self.ipvs.as_mut().map_or(Ok(Vec::new()), Servers::services)?;
        Ok(Ipvs { checked: self.checked(), ..Ipvs::from(services.as_slice()) })
    }

    /// The real servers of the configuration.
    pub fn checked(&self) -> Vec<Checked> {
        self.checkers.iter().flat_map(|checkers| checkers.status()).map(Checked::from).collect()
    }
}
