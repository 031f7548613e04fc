// Bytes of an Ethernet frame become a line and a list of layers with their fields.
{
  const hex = (value, digits = 2) => value.toString(16).padStart(digits, "0");
  const mac = (b, i) => Array.from(b.subarray(i, i + 6), (v) => hex(v)).join(":");
  const ip4 = (b, i) => `${b[i]}.${b[i + 1]}.${b[i + 2]}.${b[i + 3]}`;
  const u16 = (b, i) => (b[i] << 8) | b[i + 1];
  const u32 = (b, i) => u16(b, i) * 65536 + u16(b, i + 2);

  /** An IPv6 address as RFC 5952 writes it. */
  const ip6 = (b, i) => {
    const groups = Array.from({ length: 8 }, (_, n) => u16(b, i + 2 * n));
    let best = { from: -1, length: 1 };
    for (let from = 0; from < 8; from++) {
      let length = 0;
      while (from + length < 8 && groups[from + length] === 0) length++;
      if (length > best.length) best = { from, length };
    }
    const words = groups.map((group) => group.toString(16));
    if (best.from < 0) return words.join(":");
    return `${words.slice(0, best.from).join(":")}::${words.slice(best.from + best.length).join(":")}`;
  };

  const vrrp = (b, at, end, v6, layers) => {
    const [version, vrid, priority, count] = [b[at] >> 4, b[at + 1], b[at + 2], b[at + 3]];
    const size = v6 ? 16 : 4;
    const fields = () => {
      const kinds = ["none", "simple password", "IP authentication header"];
      const list = [
        ["version", version],
        ["type", (b[at] & 15) === 1 ? "1 (advertisement)" : b[at] & 15],
        ["virtual router", vrid],
        ["priority", priority === 0 ? "0 (gives up)" : priority === 255 ? "255 (owner)" : priority],
        ["addresses", count],
      ];
      if (version === 2) list.push(["authentication", kinds[b[at + 4]] || b[at + 4]], ["interval", `${b[at + 5]} s`]);
      else list.push(["interval", `${(u16(b, at + 4) & 0xfff) / 100} s`]);
      list.push(["checksum", "0x" + hex(u16(b, at + 6), 4)]);
      for (let n = 0; n < count && at + 8 + (n + 1) * size <= end; n++) {
        list.push([n ? "" : "virtual address", v6 ? ip6(b, at + 8 + n * size) : ip4(b, at + 8 + n * size)]);
      }
      return list;
    };
    layers.push({ name: `VRRP version ${version}`, fields });
    return priority === 0 ? `VRRPv${version} release, vrid ${vrid}` : `VRRPv${version} advert, vrid ${vrid}, prio ${priority}`;
  };

  const arp = (b, at, layers) => {
    const [op, sender, target] = [u16(b, at + 6), ip4(b, at + 14), ip4(b, at + 24)];
    const ops = { 1: "1 (request)", 2: "2 (reply)" };
    layers.push({
      name: "ARP",
      fields: () => [
        ["operation", ops[op] || op],
        ["sender", `${sender} at ${mac(b, at + 8)}`],
        ["target", `${target} at ${mac(b, at + 18)}`],
      ],
    });
    if (sender === target) return `Gratuitous ARP, ${sender} is at ${mac(b, at + 8)}`;
    return op === 1 ? `ARP who has ${target}? tell ${sender}` : `ARP ${sender} is at ${mac(b, at + 8)}`;
  };

  const ICMP = { 0: "echo reply", 3: "unreachable", 5: "redirect", 8: "echo request", 11: "time exceeded" };
  const ICMPV6 = {
    1: "unreachable", 128: "echo request", 129: "echo reply", 133: "router solicitation", 134: "router advertisement",
    135: "neighbour solicitation", 136: "neighbour advertisement",
  };
  const icmp = (b, at, v6, layers) => {
    const [type, code] = [b[at], b[at + 1]];
    const names = v6 ? ICMPV6 : ICMP;
    const name = names[type];
    const echo = name && name.startsWith("echo");
    const about = v6 && (type === 135 || type === 136);
    const fields = () => [
      ["type", name ? `${type} (${name})` : type],
      ["code", code],
      ...(echo ? [["identifier", u16(b, at + 4)], ["sequence", u16(b, at + 6)]] : []),
      ...(about ? [["target", ip6(b, at + 8)]] : []),
    ];
    const rest = echo ? `, seq ${u16(b, at + 6)}` : about ? ` of ${ip6(b, at + 8)}` : "";
    layers.push({ name: v6 ? "ICMPv6" : "ICMP", fields });
    return `${v6 ? "ICMPv6" : "ICMP"} ${name || `type ${type}`}${rest}`;
  };

  const tcp = (b, at, layers) => {
    const names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
    const flags = names.filter((_, bit) => b[at + 13] & (1 << bit)).join(" ");
    layers.push({
      name: "TCP",
      fields: () => [
        ["ports", `${u16(b, at)} to ${u16(b, at + 2)}`],
        ["flags", flags || "none"],
        ["sequence", u32(b, at + 4)],
        ["acknowledges", u32(b, at + 8)],
        ["window", u16(b, at + 14)],
      ],
    });
    return `TCP ${u16(b, at)} to ${u16(b, at + 2)}, ${flags || "no flags"}`;
  };

  const udp = (b, at, layers) => {
    layers.push({ name: "UDP", fields: () => [["ports", `${u16(b, at)} to ${u16(b, at + 2)}`], ["length", u16(b, at + 4)]] });
    return `UDP ${u16(b, at)} to ${u16(b, at + 2)}`;
  };

  /** What is above IP, from `at` on. */
  const upper = (b, protocol, at, end, v6, layers) => {
    const needs = { 1: 8, 6: 20, 17: 8, 51: 12, 58: 8, 112: 8 };
    if (!needs[protocol]) return `protocol ${protocol}`;
    if (at + needs[protocol] > b.length) return `protocol ${protocol}, cut short`;
    if (protocol === 51) {
      layers.push({ name: "Authentication header", fields: () => [["next protocol", b[at]], ["sequence", u32(b, at + 8)]] });
      return upper(b, b[at], at + (b[at + 1] + 2) * 4, end, v6, layers);
    }
    if (protocol === 112) return vrrp(b, at, end, v6, layers);
    if (protocol === 6) return tcp(b, at, layers);
    if (protocol === 17) return udp(b, at, layers);
    return icmp(b, at, v6, layers);
  };

  const ip = (b, at, layers) => {
    const v6 = b[at] >> 4 === 6;
    if (at + (v6 ? 40 : 20) > b.length) return "IP, cut short";
    const size = v6 ? 40 : (b[at] & 15) * 4;
    const [from, to] = v6 ? [ip6(b, at + 8), ip6(b, at + 24)] : [ip4(b, at + 12), ip4(b, at + 16)];
    const protocol = v6 ? b[at + 6] : b[at + 9];
    const end = Math.min(b.length, at + (v6 ? 40 + u16(b, at + 4) : u16(b, at + 2)));
    layers.push({
      name: v6 ? "IPv6" : "IPv4",
      fields: () => [["from", from], ["to", to], [v6 ? "hop limit" : "TTL", v6 ? b[at + 7] : b[at + 8]], ["protocol", protocol]],
    });
    if (!v6 && u16(b, at + 6) & 0x1fff) return `${from} > ${to}: later fragment`;
    return `${from} > ${to}: ${upper(b, protocol, at + size, end, v6, layers)}`;
  };

  /** The line of a frame; its layers go to `layers`. Any bytes have a line. */
  const lineOf = (b, layers) => {
    if (b.length < 14) return "frame, cut short";
    let [type, at, vlan] = [u16(b, 12), 14, ""];
    const tagged = type === 0x8100 && b.length >= 18;
    if (tagged) [type, at, vlan] = [u16(b, 16), 18, `VLAN ${u16(b, 14) & 0xfff}, `];
    layers.push({ name: "Ethernet", fields: () => [["from", mac(b, 6)], ["to", mac(b, 0)], ["carries", "0x" + hex(type, 4)]] });
    if (tagged) layers.push({ name: "VLAN tag", fields: () => [["number", u16(b, 14) & 0xfff]] });
    if (type === 0x0800 || type === 0x86dd) return vlan + ip(b, at, layers);
    if (type === 0x0806 && b.length >= at + 28) return vlan + arp(b, at, layers);
    return `${vlan}ethertype 0x${hex(type, 4)}`;
  };

  const nowhere = { push: () => {} };
  /** One line about a frame. */
  Report.line = (bytes) => lineOf(bytes, nowhere);

  /** The line and the layers of a frame, each with its fields. */
  Report.decode = (bytes) => {
    const layers = [];
    const line = lineOf(bytes, layers);
    return { line, layers: layers.map(({ name, fields }) => ({ name, fields: fields() })), bytes };
  };

  /** Lines of a hex dump. */
  Report.dump = (b) => {
    const lines = [];
    for (let i = 0; i < b.length; i += 16) {
      const row = Array.from(b.subarray(i, i + 16));
      const letters = row.map((v) => (v > 32 && v < 127 ? String.fromCharCode(v) : ".")).join("");
      lines.push(`${hex(i, 4)}  ${row.map((v) => hex(v)).join(" ").padEnd(47)}  ${letters}`);
    }
    return lines.join("\n");
  };
}
