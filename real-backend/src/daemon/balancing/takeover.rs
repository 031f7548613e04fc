//! What an earlier run has left in the table is taken over: only the differences to what is wanted now are commanded.
use vrrplab_engine::lvs::IpvsCommand;
use vrrplab_engine::lvs::diff::{Wanted, diff};

/// The commands of a start, less what the table holds already. Services that nobody wants are another's, and stay.
pub(super) fn commands(present: &[Wanted], start: &[IpvsCommand]) -> Vec<IpvsCommand> {
    let wanted = wanted(start);
    let ours = |one: &&Wanted| wanted.iter().any(|wish| wish.key == one.key);
    let present: Vec<Wanted> = present.iter().filter(ours).cloned().collect();
    diff(&present, &wanted)
}

/// The table that these commands make of an empty one.
fn wanted(commands: &[IpvsCommand]) -> Vec<Wanted> {
    let mut table: Vec<Wanted> = Vec::new();
    for command in commands {
        carry_out(&mut table, command);
    }
    table
}

fn carry_out(table: &mut Vec<Wanted>, command: &IpvsCommand) {
    let key = match command {
        IpvsCommand::Flush => return table.clear(),
        IpvsCommand::DeleteService(key) => return table.retain(|one| one.key != *key),
        IpvsCommand::AddService(key, _)
        | IpvsCommand::EditService(key, _)
        | IpvsCommand::AddDest(key, ..)
        | IpvsCommand::EditDest(key, ..)
        | IpvsCommand::DeleteDest(key, _) => *key,
    };
    let service = table.iter_mut().find(|one| one.key == key);
    match (command, service) {
        (IpvsCommand::AddService(_, config), None) => {
            table.push(Wanted { key, config: *config, dests: Vec::new() });
        }
        (IpvsCommand::EditService(_, config), Some(service)) => service.config = *config,
        (IpvsCommand::AddDest(_, at, config), Some(service)) if !service.dests.iter().any(|(one, _)| one == at) => {
            service.dests.push((*at, *config));
        }
        (IpvsCommand::EditDest(_, at, config), Some(service)) => {
            service.dests.iter_mut().filter(|(one, _)| one == at).for_each(|(_, old)| *old = *config);
        }
        (IpvsCommand::DeleteDest(_, at), Some(service)) => service.dests.retain(|(one, _)| one != at),
        _ => {} // the kernel would refuse it
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::lvs::{DestConfig, ServiceConfig, Virtual};
    use vrrplab_engine::model::AddressFamily;
    use vrrplab_engine::model::lvs::{Endpoint, Scheduler};

    use super::*;

    fn service(mark: u32) -> Virtual {
        Virtual::Mark(AddressFamily::V4, mark)
    }

    fn at(last: u8) -> Endpoint {
        Endpoint { ip: [10, 0, 0, last].into(), port: 80 }
    }

    fn weight(weight: u32) -> DestConfig {
        DestConfig { weight, ..DestConfig::default() }
    }

    fn rr() -> ServiceConfig {
        ServiceConfig { scheduler: Some(Scheduler::Rr), ..ServiceConfig::default() }
    }

    #[test]
    fn an_empty_table_is_filled_in_the_order_of_the_file() {
        let start = [
            IpvsCommand::AddService(service(1), rr()),
            IpvsCommand::AddDest(service(1), at(2), weight(1)),
            IpvsCommand::AddDest(service(1), at(1), weight(3)),
        ];
        assert_eq!(commands(&[], &start), start);
    }

    #[test]
    fn what_a_killed_daemon_has_left_is_kept_where_it_is_still_wanted() {
        let left = |key, dests: &[(Endpoint, DestConfig)]| Wanted { key, config: rr(), dests: dests.to_vec() };
        let present = [
            left(service(1), &[(at(1), weight(1)), (at(2), weight(1)), (at(3), weight(1))]),
            left(service(9), &[(at(1), weight(1))]),
        ];
        let start = [
            IpvsCommand::AddService(service(1), rr()),
            IpvsCommand::AddDest(service(1), at(1), weight(1)),
            IpvsCommand::AddDest(service(1), at(2), weight(5)),
            IpvsCommand::AddDest(service(1), at(4), weight(1)),
            IpvsCommand::DeleteDest(service(1), at(4)),
        ];
        let expected =
            [IpvsCommand::EditDest(service(1), at(2), weight(5)), IpvsCommand::DeleteDest(service(1), at(3))];
        assert_eq!(commands(&present, &start), expected, "and service 9 is not ours");
    }
}
