// A story's columns, made ready: times added up, look-ups by time, by lane and by text.
const Report = {};
{
  const NONE = -1;

  /** Differences become moments. Nanoseconds fit: a day is 8.64e13, and 2^53 is 9e15. */
  const sums = (differences) => {
    const moments = new Float64Array(differences.length);
    let now = 0;
    for (let i = 0; i < differences.length; i++) moments[i] = now += differences[i];
    return moments;
  };

  /** The first position whose moment is not before `at`. */
  const firstFrom = (moments, at, low = 0, high = moments.length) => {
    while (low < high) {
      const middle = (low + high) >> 1;
      if (moments[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  /** The last stretch of a lane that covers a moment: later ones lie over earlier ones. */
  const barAt = (lane, at) => {
    let found = null;
    for (const bar of lane.bars) {
      if (bar[0] > at && lane.kind !== "client") break;
      if (bar[0] <= at && at < bar[1]) found = bar;
    }
    return found;
  };

  /** Positions and moments of the packets and events of each lane, in order of time. */
  const lanesOf = (story, events, packets) => {
    const lanes = story.lanes.map((lane) => ({ ...lane, ticks: [], tickAt: null, events: [], eventAt: null }));
    packets.lane.forEach((lane, packet) => {
      if (lane !== NONE) lanes[lane].ticks.push(packet);
    });
    const byName = new Map();
    lanes.forEach((lane) => byName.set(lane.name, [...(byName.get(lane.name) || []), lane]));
    for (let i = 0; i < events.count; i++) {
      const kind = events.kinds[events.kind[i]];
      for (const lane of byName.get(story.strings[events.place[i]]) || []) {
        const subject = story.strings[events.subject[i]];
        const mine = lane.kind === "client" ? kind === "client" : kind !== "fault" && (!subject || subject === lane.part);
        if (mine && !events.detail[i]) lane.events.push(i);
      }
      if (kind === "address" && !events.detail[i]) {
        const what = story.strings[events.what[i]];
        lanes.forEach((lane) => {
          if (lane.kind === "holder" && what.includes(lane.name + "/")) lane.events.push(i);
        });
      }
    }
    for (const lane of lanes) {
      lane.tickAt = Float64Array.from(lane.ticks, (i) => packets.at[i]);
      lane.eventAt = Float64Array.from(lane.events, (i) => events.at[i]);
    }
    return lanes;
  };

  const bytesOf = (base64) => {
    const letters = atob(base64);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    return bytes;
  };

  /** A story as the rest of the program wants it. */
  Report.read = (story) => {
    const events = { ...story.events, at: sums(story.events.at), count: story.events.at.length };
    const packets = { ...story.packets, at: sums(story.packets.at), count: story.packets.at.length };
    const faults = [];
    const subjects = new Map(story.hosts.map((host, position) => [host.name, position]));
    for (let i = 0; i < events.count; i++) {
      if (["fault", "finding"].includes(events.kinds[events.kind[i]])) faults.push(i);
    }
    const lost = story.dropped.map((drops) => drops.some(([, reason]) => story.strings[reason] !== "port down"));
    const lines = new Array(story.frames.length);
    return {
      story,
      end: Math.max(story.end, 1),
      events,
      packets,
      faults,
      faultAt: Float64Array.from(faults, (i) => events.at[i]),
      lanes: lanesOf(story, events, packets),
      hostOf: (name) => (subjects.has(name) ? subjects.get(name) : NONE),
      text: (position) => story.strings[position],
      rule: (position) => (position === NONE ? null : story.rules[position]),
      port: (position) => story.ports[position],
      /** Whether a packet was dropped on its way to a port that is up. */
      lost: (packet) => packets.dropped[packet] !== NONE && lost[packets.dropped[packet]],
      /** One line about the frame of a packet. */
      line: (packet) => {
        const position = packets.frame[packet];
        return (lines[position] = lines[position] || Report.line(bytesOf(story.frames[position])));
      },
      /** The frame of a packet, decoded. */
      frame: (packet) => Report.decode(bytesOf(story.frames[packets.frame[packet]])),
      /** Who reached whom at a moment: lists of ports, or null when that is not known. */
      islandsAt: (at) => {
        const known = story.islands.filter(([from]) => from <= at);
        return known.length ? known[known.length - 1][1] : null;
      },
    };
  };
  Report.firstFrom = firstFrom;
  Report.barAt = barAt;
}
