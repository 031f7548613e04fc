//! Schedulers without a memory: lc, wlc, sed, nq, fo, ovf and twos.
use super::{DestId, Load, Pool};

/// `lc`: the fewest connections, the first of the list among equals; weights only say who takes part.
pub fn least(pool: Pool) -> Option<DestId> {
    let mut best = None;
    let mut best_cost = i64::MAX;
    for (id, load) in pool.walk() {
        if load.usable() && load.overhead() < best_cost {
            (best, best_cost) = (Some(id), load.overhead());
            if best_cost == 0 {
                break;
            }
        }
    }
    best
}

/// The least `cost / weight`, the first of the list among equals. It begins with a usable server; later ones of weight 0 never win.
pub(super) fn least_ratio(
    servers: impl Iterator<Item = (DestId, Load)>,
    cost: impl Fn(&Load) -> i64,
) -> Option<DestId> {
    let mut servers = servers.skip_while(|(_, load)| !load.usable());
    let (mut best, first) = servers.next()?;
    let (mut best_cost, mut best_weight) = (cost(&first), i64::from(first.weight));
    for (id, load) in servers {
        if best_cost == 0 {
            break;
        }
        let (this_cost, weight) = (cost(&load), i64::from(load.weight));
        if !load.overload && best_cost.wrapping_mul(weight) > this_cost.wrapping_mul(best_weight) {
            (best, best_cost, best_weight) = (id, this_cost, weight);
        }
    }
    Some(best)
}

fn all(pool: Pool) -> impl Iterator<Item = (DestId, Load)> {
    pool.walk().map(|(id, load)| (id, *load))
}

/// `wlc`: the fewest connections for its weight.
pub fn weighted_least(pool: Pool) -> Option<DestId> {
    least_ratio(all(pool), Load::overhead)
}

fn delay(load: &Load) -> i64 {
    i64::from(load.active) + 1
}

/// `sed`: the shortest expected delay.
pub fn shortest_delay(pool: Pool) -> Option<DestId> {
    least_ratio(all(pool), delay)
}

/// `nq`: the first idle server whatever its weight, otherwise as `sed`.
pub fn never_queue(pool: Pool) -> Option<DestId> {
    let idle = pool.walk().find(|(_, load)| load.usable() && load.active == 0);
    idle.map(|(id, _)| id).or_else(|| shortest_delay(pool))
}

/// The first of the list with the largest weight.
fn heaviest<'a>(servers: impl Iterator<Item = (DestId, &'a Load)>) -> Option<DestId> {
    let mut best: Option<(DestId, u32)> = None;
    for (id, load) in servers {
        if best.is_none_or(|(_, weight)| load.weight > weight) {
            best = Some((id, load.weight));
        }
    }
    best.map(|(id, _)| id)
}

/// `fo`: the largest weight.
pub fn failover(pool: Pool) -> Option<DestId> {
    heaviest(pool.walk().filter(|(_, load)| load.usable()))
}

/// `ovf`: the largest weight that has not more active connections than its weight.
pub fn overflow(pool: Pool) -> Option<DestId> {
    heaviest(pool.walk().filter(|(_, load)| load.usable() && load.active <= load.weight))
}

/// `twos`: the less busy of two that chance proposes, each with a chance by its weight.
pub fn two_choices(pool: Pool, draws: [u64; 2]) -> Option<DestId> {
    let sum: u64 = pool.walk().filter(|(_, load)| load.usable()).map(|(_, load)| u64::from(load.weight)).sum();
    let chosen = |draw: u64| {
        let mut left = (draw % (sum + 1)) as i64;
        pool.walk().filter(|(_, load)| load.usable()).find(|(_, load)| {
            left -= i64::from(load.weight);
            left <= 0
        })
    };
    let (first, a) = chosen(draws[0])?;
    let (second, b) = chosen(draws[1])?;
    let second_is_freer =
        i64::from(b.weight).wrapping_mul(a.overhead()) > i64::from(a.weight).wrapping_mul(b.overhead());
    Some(if second_is_freer { second } else { first })
}
