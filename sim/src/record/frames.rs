//! One frame as an event: an advert, an announcement of an address, or a kernel's answer to one.
use std::net::IpAddr;

use vrrplab_wire::{AddressFamily, ArpFacts, Envelope, Mac, NaFacts, VrrpView, check_arp, check_na};

use super::event::Event;
use super::plan::PlanNode;
use super::wire::Frame;

/// Where in an authentication header its integrity check value begins.
const INTEGRITY: usize = 12;
/// How long that is.
const INTEGRITY_LEN: usize = 12;

/// What a frame that the node sent tells; nothing for any other kind of frame.
pub fn event(node: &PlanNode, nic: &str, frame: &Frame) -> Option<Event> {
    let bytes = frame.bytes.as_slice();
    let event = |kind: &str| Event::new(frame.at, &node.name, kind).with("nic", nic);
    if let Ok(facts) = check_arp(bytes) {
        return arp(node, bytes, &facts, event);
    }
    if let Ok(na) = check_na(bytes) {
        return neighbour(node, bytes, &na, event);
    }
    advert(node, nic, bytes, event)
}

/// The hardware address at this place of a frame.
fn mac(bytes: &[u8], from: usize) -> Option<Mac> {
    bytes.get(from..)?.first_chunk().copied().map(Mac)
}

fn neighbour(node: &PlanNode, bytes: &[u8], na: &NaFacts, event: impl Fn(&str) -> Event) -> Option<Event> {
    if na.solicited {
        return None;
    }
    let event = event("na_tx")
        .with("ip", na.target.to_string())
        .with("router", na.router)
        .with("override", na.override_)
        .with("src", na.src.to_string())
        .with("dst", na.dst.to_string())
        .with("smac", mac(bytes, 6)?.to_string());
    Some(of_address(node, na.target.into(), event))
}

fn arp(node: &PlanNode, bytes: &[u8], facts: &ArpFacts, event: impl Fn(&str) -> Event) -> Option<Event> {
    let (to, from) = (mac(bytes, 0)?, mac(bytes, 6)?);
    let answer = facts.operation == 2 && to.0[0] & 1 == 0;
    if facts.sender_ip != facts.target_ip || facts.sender_ip.is_unspecified() {
        return None;
    }
    let op = if facts.operation == 2 { "reply" } else { "request" };
    let event = event(if answer { "arp_reply" } else { "garp_tx" })
        .with("ip", facts.sender_ip.to_string())
        .with("smac", from.to_string())
        .with("sha", facts.sender_mac.to_string())
        .with("dmac", to.to_string());
    Some(of_address(node, facts.sender_ip.into(), if answer { event } else { event.with("op", op) }))
}

fn advert(node: &PlanNode, nic: &str, bytes: &[u8], event: impl Fn(&str) -> Event) -> Option<Event> {
    let packet = &Envelope::parse(bytes)?;
    let view = VrrpView::new(packet.payload)?;
    let v6 = packet.src.is_ipv6();
    let family = if v6 { AddressFamily::V6 } else { AddressFamily::V4 };
    let version = view.version_nibble();
    let interval = if version == 2 { u64::from(view.seconds()) * 1_000 } else { u64::from(view.centiseconds()) * 10 };
    let right = view.checksum_pseudo_ok(packet.src, packet.dst) || (!v6 && view.checksum_plain_ok());
    let addrs: Vec<String> = view.addresses(family).map(|ip| ip.to_string()).collect();
    let mut event = event("advert_tx")
        .with("af", if v6 { 6 } else { 4 })
        .with("ver", version)
        .with("vrid", view.vrid())
        .with("prio", view.priority())
        .with("int_ms", interval)
        .with("addrs", addrs)
        .with("csum", if right { "ok" } else { "bad" })
        .with("src", packet.src.to_string())
        .with("dst", packet.dst.to_string())
        .with("smac", packet.src_mac.to_string())
        .with("dmac", packet.dst_mac.to_string())
        .with("ttl", packet.ttl)
        .with("tos", packet.tos)
        .with("ip_len", packet.total_len)
        .with("vrrp_len", packet.payload.len());
    if !v6 {
        event = event.with("ip_id", packet.id);
    }
    if let Some(ah) = &packet.authentication {
        let value = integrity(bytes, packet.received_len).unwrap_or_default();
        event = event.with("ah_spi", ah.spi()).with("ah_seq", ah.sequence()).with("ah_icv", value);
    }
    if version == 2 {
        event = event.with("auth", view.auth_type());
        if view.auth_type() == 1 {
            let password = view.auth_data(family).unwrap_or_default();
            let password = String::from_utf8_lossy(&password).trim_end_matches('\0').to_owned();
            event = event.with("auth_data", password);
        }
    }
    let owners = node.instances.iter().filter(|i| i.nic == nic && i.vrid == view.vrid() && i.v6 == v6);
    let owners: Vec<&str> = owners.map(|i| i.name.as_str()).collect();
    Some(if owners.is_empty() { event } else { event.of(&owners.join("|")) })
}

/// The integrity check value of the authentication header, in hexadecimal.
fn integrity(frame: &[u8], packet_len: usize) -> Option<String> {
    let packet = frame.get(frame.len().checked_sub(packet_len)?..)?;
    let header = usize::from(packet.first()? & 0xf) * 4;
    let value = packet.get(header + INTEGRITY..header + INTEGRITY + INTEGRITY_LEN)?;
    Some(value.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// With the instance whose virtual address this is.
fn of_address(node: &PlanNode, ip: IpAddr, event: Event) -> Event {
    let owner = node.instances.iter().find(|i| i.vips.iter().any(|(_, addr)| addr.ip == ip));
    match owner {
        Some(instance) => event.of(&instance.name),
        None => event,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use vrrplab_engine::model::IfAddr;
    use vrrplab_wire::{Advert, AdvertFrame, GROUP_V4, Version, gratuitous_arp, multicast_mac, unsolicited_na};

    use super::super::clock::Epoch;
    use super::super::plan::{PlanInstance, PlanNode};
    use super::*;

    const MAC: Mac = Mac([2, 0, 0, 0, 1, 1]);

    fn told(bytes: Vec<u8>) -> Option<String> {
        let vip = IfAddr { ip: [10, 0, 0, 100].into(), prefix: 24 };
        let instance = PlanInstance {
            name: "VI_1".to_owned(),
            nic: "eth0".to_owned(),
            vrid: 51,
            v6: false,
            vips: vec![("eth0".to_owned(), vip)],
        };
        let node = PlanNode {
            name: "r1".to_owned(),
            nics: Vec::new(),
            start: None,
            conf: String::new(),
            files: Vec::new(),
            instances: vec![instance],
        };
        event(&node, "eth0", &Frame { at: Epoch(0), bytes }).map(|e| Value::Object(e.fields).to_string())
    }

    #[test]
    fn an_advert_tells_all_its_fields() {
        let advert = Advert {
            version: Version::V2,
            vrid: 51,
            priority: 150,
            interval: 1,
            addresses: vec![[10, 0, 0, 100].into()],
            auth: Some(*b"1234\0\0\0\0"),
        };
        let frame = AdvertFrame {
            advert: &advert,
            family: AddressFamily::V4,
            src_mac: MAC,
            dst_mac: multicast_mac(GROUP_V4.into()).expect("a group has a MAC"),
            src: [10, 0, 0, 1].into(),
            dst: GROUP_V4.into(),
            ttl: 255,
            id: 7,
        };
        let wanted = concat!(
            r#"{"addrs":["10.0.0.100"],"af":4,"auth":1,"auth_data":"1234","csum":"ok","dmac":"01:00:5e:00:00:12","#,
            r#""dst":"224.0.0.18","event":"advert_tx","instance":"VI_1","int_ms":1000,"ip_id":7,"ip_len":40,"nic":"eth0","#,
            r#""node":"r1","prio":150,"smac":"02:00:00:00:01:01","src":"10.0.0.1","tos":192,"ttl":255,"ver":2,"vrid":51,"#,
            r#""vrrp_len":20}"#
        );
        assert_eq!(told(frame.emit()).as_deref(), Some(wanted));
    }

    #[test]
    fn announcements_belong_to_the_instance_of_the_address() {
        assert_eq!(
            told(gratuitous_arp(MAC, [10, 0, 0, 100].into())).as_deref(),
            Some(concat!(
                r#"{"dmac":"ff:ff:ff:ff:ff:ff","event":"garp_tx","instance":"VI_1","ip":"10.0.0.100","nic":"eth0","node":"r1","#,
                r#""op":"request","sha":"02:00:00:00:01:01","smac":"02:00:00:00:01:01"}"#
            ))
        );
        assert_eq!(
            told(unsolicited_na(MAC, "fe80::100".parse().expect("an address"), false)).as_deref(),
            Some(concat!(
                r#"{"dst":"ff02::1","event":"na_tx","instance":null,"ip":"fe80::100","nic":"eth0","node":"r1","override":true,"#,
                r#""router":false,"smac":"02:00:00:00:01:01","src":"fe80::100"}"#
            ))
        );
    }

    #[test]
    fn a_kernels_answer_is_told_apart_and_a_question_is_not_told() {
        let mut answer = gratuitous_arp(MAC, [10, 0, 0, 100].into());
        answer[..6].copy_from_slice(&[2, 0, 0, 0, 2, 1]);
        answer[21] = 2;
        assert!(told(answer).is_some_and(|e| e.contains(r#""event":"arp_reply""#)));
        let mut question = gratuitous_arp(MAC, [10, 0, 0, 1].into());
        question[41] = 9;
        assert_eq!(told(question), None);
        assert_eq!(told(vec![0; 20]), None);
    }
}
