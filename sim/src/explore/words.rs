//! The faults by their keys in scenarios, numbered.
use vrrplab_formats::world::{FabricFault, Fault, KernelFault, NodeFault};

macro_rules! faults {
    ($($pattern:pat => $key:literal;)*) => {
        /// The keys of all faults.
        pub const FAULTS: &[&str] = &[$($key,)*];

        /// The key of a fault.
        const fn key(fault: &Fault) -> &'static str {
            match fault { $($pattern => $key,)* }
        }
    };
}

faults! {
    Fault::Cut { .. } => "cut";
    Fault::Uncut(_) => "uncut";
    Fault::PortDown(_) => "port_down";
    Fault::PortUp(_) => "port_up";
    Fault::NicDown(_) => "nic_down";
    Fault::NicUp(_) => "nic_up";
    Fault::Partition { .. } => "partition";
    Fault::Heal(_) => "heal";
    Fault::Crash(_) => "crash";
    Fault::Kill(_) => "kill";
    Fault::Stop(_) => "stop";
    Fault::Pause(_) => "pause";
    Fault::Resume(_) => "resume";
    Fault::Start(_) => "start";
    Fault::Reload(..) => "reload";
    Fault::SetPortSecurity(..) => "port_security";
    Fault::WriteFile { .. } => "file";
    Fault::Script { .. } => "script";
    Fault::Processes { .. } => "process";
    Fault::Session { .. } => "bfd";
    Fault::Cloud(_) => "cloud";
    Fault::Service(_) => "service";
    Fault::Rogue(_) => "rogue";
    Fault::Kernel(KernelFault::Firewall { .. }) => "firewall";
    Fault::Kernel(KernelFault::Nat { .. }) => "nat";
    Fault::Kernel(KernelFault::Address { .. }) => "address";
    Fault::Kernel(KernelFault::RefuseAddress { .. }) => "refuse_address";
    Fault::Kernel(KernelFault::Route { .. }) => "route";
    Fault::Kernel(KernelFault::Sysctl { .. }) => "sysctl";
    Fault::Kernel(KernelFault::NicRecreated(_)) => "nic_recreated";
    Fault::Node(NodeFault::Stun { .. }) => "stun";
    Fault::Node(NodeFault::ClockStep { .. }) => "clock_step";
    Fault::Node(NodeFault::Drift { .. }) => "drift";
    Fault::Node(NodeFault::Starve { .. }) => "starve";
    Fault::Node(NodeFault::KillChild { .. }) => "kill_child";
    Fault::Fabric(FabricFault::Link { .. }) => "link";
    Fault::Fabric(FabricFault::TrunkDown(_)) => "trunk_down";
    Fault::Fabric(FabricFault::TrunkUp(_)) => "trunk_up";
    Fault::Fabric(FabricFault::Querier { .. }) => "querier";
    Fault::Fabric(FabricFault::Vlan { .. }) => "vlan";
    Fault::Fabric(FabricFault::Storm { .. }) => "storm";
}

/// The position of a fault in [`FAULTS`].
pub fn fault(fault: &Fault) -> usize {
    let key = key(fault);
    FAULTS.iter().position(|known| *known == key).unwrap_or(FAULTS.len())
}
