//! The real servers on the page of metrics. What passes through them, others tell already: `node_ipvs_*` of node_exporter.
use vrrplab_formats::control::Checked;

use super::text::{Page, braces};

/// One gauge of each real server.
struct Family {
    name: &'static str,
    help: &'static str,
    value: fn(&Checked) -> u32,
}

const FAMILIES: [Family; 2] = [
    Family {
        name: "vrrplabd_real_server_up",
        help: "Whether all checkers of the real server are content: 1, or 0.",
        value: |server| u32::from(server.up),
    },
    Family {
        name: "vrrplabd_real_server_weight",
        help: "Weight of the real server, which counts while it is up.",
        value: |server| server.weight,
    },
];

/// Adds them to the page. A virtual server may name one real server twice; it is one sample then.
pub(super) fn add(page: &mut Page, servers: &[Checked]) {
    let first = |at: usize| {
        let is = |other: &Checked| (&other.service, &other.server) == (&servers[at].service, &servers[at].server);
        !servers[..at].iter().any(is)
    };
    for family in &FAMILIES {
        page.family(family.name, "gauge", family.help);
        for (_, server) in servers.iter().enumerate().filter(|(at, _)| first(*at)) {
            let labels =
                braces(&[("virtual_server", server.service.as_str()), ("real_server", server.server.as_str())]);
            page.sample(family.name, &labels, &(family.value)(server).to_string());
        }
    }
    let name = "vrrplabd_virtual_server_quorum";
    page.family(name, "gauge", "Whether the quorum of the virtual server is there: 1, or 0.");
    let mut last = None;
    for server in servers {
        if last.replace(&server.service) != Some(&server.service) {
            page.sample(
                name,
                &braces(&[("virtual_server", server.service.as_str())]),
                if server.quorum { "1" } else { "0" },
            );
        }
    }
}
