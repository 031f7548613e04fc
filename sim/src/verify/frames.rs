//! Adverts and announcements held against the recorded ones, field by field.
use std::collections::BTreeSet;
use std::net::IpAddr;

use vrrplab_formats::recording::{FrameSort, RecordedFrame, Recording};

use super::TOLERANCE;
use super::align::{Pair, align};
use super::compare::{FieldDifference, Limits, Mark, RACE, Row, by_node, row, settle};

/// What the comparison of frames brought.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// One row for each frame compared.
    pub rows: Vec<Row>,
    /// Frames of which the runs themselves have different numbers: beyond what all runs share.
    pub beyond: usize,
}

/// All frames of a run. Kinds of which the recorded runs differ are compared by what all runs share, when `shared` says
/// so.
pub(super) fn frames(
    recording: &Recording,
    recorded: &[RecordedFrame],
    simulated: &[RecordedFrame],
    limits: &Limits,
    shared: bool,
) -> Frames {
    let unstable = |frame: &&RecordedFrame| shared && !is_stable(recording, frame);
    let (loose, firm): (Vec<&RecordedFrame>, Vec<_>) = recorded.iter().partition(unstable);
    let (loose_simulated, firm_simulated): (Vec<&RecordedFrame>, Vec<_>) = simulated.iter().partition(unstable);
    let mut result = Frames::default();
    for (recorded, simulated) in by_node(&firm, &firm_simulated) {
        let races =
            |moved: &RecordedFrame, between: &Pair<'_, RecordedFrame>| within_one_wake_up(recording, moved, between);
        let settled = settle(align(&recorded, &simulated), limits, races);
        result.rows.extend(settled.into_iter().map(|(pair, row)| with_fields(recording, &pair, row)));
    }
    shared_by_all(recording, &loose, &loose_simulated, limits, &mut result);
    result
}

fn is_stable(recording: &Recording, frame: &RecordedFrame) -> bool {
    match frame.sort {
        FrameSort::Advert { .. } => recording.stable.advert,
        FrameSort::Garp(_) => recording.stable.garp,
        FrameSort::Na(_) => recording.stable.na,
    }
}

/// What one timer of one virtual router sends is sent in a fixed order. Between frames of different ones, recorded within
/// one wake-up, real time decides; and a unicast advert waits until the kernel knows its neighbour, while the daemon sets and
/// announces addresses, however many there are.
fn within_one_wake_up(recording: &Recording, moved: &RecordedFrame, between: &Pair<'_, RecordedFrame>) -> bool {
    let (Pair::Both(other, _) | Pair::Recorded(other) | Pair::Simulated(other)) = between;
    let routers = router_of(recording, moved).zip(router_of(recording, other));
    let apart = other.iface != moved.iface || routers.is_some_and(|(moved, other)| moved != other);
    let waits = |frame: &RecordedFrame| {
        let to = frame.fields.get("dst").and_then(|dst| dst.parse::<IpAddr>().ok());
        matches!(frame.sort, FrameSort::Advert { .. }) && to.is_some_and(|to| !to.is_multicast())
    };
    let within = if waits(moved) || waits(other) { TOLERANCE } else { RACE };
    (apart || within == TOLERANCE) && other.at.0.abs_diff(moved.at.0) <= within.0
}

/// The VRID of an advert, and of the virtual router that an announced address belongs to.
fn router_of(recording: &Recording, frame: &RecordedFrame) -> Option<u8> {
    let address = match frame.sort {
        FrameSort::Advert { vrid, .. } => return Some(vrid),
        FrameSort::Garp(address) | FrameSort::Na(address) => address,
    };
    let node = recording.world.nodes.iter().find(|node| node.model.name == frame.node)?;
    let mut holders = node.model.instances.iter().filter(|i| i.all_vips().any(|vip| vip.addr.ip == address));
    holders.next().filter(|_| holders.next().is_none()).map(|holder| holder.vrid.get())
}

/// The row, with what differs between the two frames.
fn with_fields(recording: &Recording, pair: &Pair<'_, RecordedFrame>, row: Row) -> Row {
    let Pair::Both(recorded, simulated) = pair else { return row };
    let fields = differing(recording, recorded, simulated);
    let mark = if fields.is_empty() { row.mark } else { row.mark.max(Mark::Fields) };
    Row { fields, mark, ..row }
}

/// The fields that are not equal. Where a kernel chooses the IPv4 identification, it is not compared.
fn differing(recording: &Recording, recorded: &RecordedFrame, simulated: &RecordedFrame) -> Vec<FieldDifference> {
    let names: BTreeSet<&'static str> = recorded.fields.keys().chain(simulated.fields.keys()).copied().collect();
    let counted = counts_adverts(recording, &recorded.node);
    let compared = names.into_iter().filter(|name| counted || *name != "ip_id");
    let values = compared.map(|field| (field, recorded.fields.get(field), simulated.fields.get(field)));
    values
        .filter(|(_, recorded, simulated)| recorded != simulated)
        .map(|(field, recorded, simulated)| FieldDifference {
            field,
            recorded: recorded.cloned(),
            simulated: simulated.cloned(),
        })
        .collect()
}

/// Whether the identification of this node's adverts can be predicted.
pub(super) fn counts_adverts(recording: &Recording, node: &str) -> bool {
    recording.world.nodes.iter().all(|n| n.model.name != node || n.model.policy.counts_adverts)
}

/// Which of a node's frames form one sequence.
type Stream<'a> = (&'a str, &'a str, FrameSort);

fn stream(frame: &RecordedFrame) -> Stream<'_> {
    (&frame.node, &frame.iface, frame.sort)
}

/// Frames of which the runs differ in number and time: the first ones of each sequence, as many as every run has, must say
/// the same, and there may not be more than in the longest run. Of times only the first is compared, for it is a change
/// of state that caused it.
fn shared_by_all(
    recording: &Recording,
    recorded: &[&RecordedFrame],
    simulated: &[&RecordedFrame],
    limits: &Limits,
    result: &mut Frames,
) {
    let streams: BTreeSet<Stream<'_>> = recorded.iter().chain(simulated).map(|frame| stream(frame)).collect();
    for wanted in streams {
        let of_run = |run: &Vec<RecordedFrame>| run.iter().filter(|frame| stream(frame) == wanted).count();
        let fewest = recording.all_frames.iter().map(of_run).min().unwrap_or(0);
        let most = recording.all_frames.iter().map(of_run).max().unwrap_or(0);
        let of = |frames: &[&'_ RecordedFrame]| -> Vec<RecordedFrame> {
            frames.iter().filter(|frame| stream(frame) == wanted).map(|frame| (*frame).clone()).collect()
        };
        let (recorded, simulated) = (of(recorded), of(simulated));
        result.beyond += recorded.len().max(simulated.len().min(most)).saturating_sub(fewest);
        for position in 0..fewest.max(simulated.len()) {
            let pair = match (recorded.get(position), simulated.get(position)) {
                (Some(r), Some(s)) if position < fewest => Pair::Both(r, s),
                (Some(r), None) if position < fewest => Pair::Recorded(r),
                (_, Some(s)) if position >= most => Pair::Simulated(s),
                _ => continue,
            };
            let judged = row(&pair, limits);
            let untimed = position > 0 && matches!(pair, Pair::Both(..));
            let mark = if untimed { Mark::NoTime } else { judged.mark };
            result.rows.push(with_fields(recording, &pair, Row { mark, ..judged }));
        }
    }
}
