//! The Linux driver of the engine: packet sockets, netlink and IPVS on tokio. To come; see `README.md` beside this crate.
