// What stands behind one event or packet: why, by which rule, and the decoded frame.
{
  const { h, time, span, mark } = Report;
  const DEEP = 40;

  const section = (title, ...children) => h("section", {}, h("h3", {}, title), ...children);

  const ruleOf = (model, position, finding = false) => {
    const rule = model.rule(position);
    if (!rule) return null;
    return section(finding ? "Finding" : "Rule", h("p", {}, h("code", {}, rule[0])), h("p", {}, rule[1]), h("p", { class: "source" }, finding ? "remedy: " : "source: ", rule[2]));
  };

  /** Causes below what they caused, as `vrrplab why` tells them. */
  const chain = (model, cause, go, depth = 0) => {
    const rule = model.rule(cause.rule);
    const line = h("span", {},
      h("button", { type: "button", class: "moment", title: "Show this moment", onclick: () => go(cause.at) }, time(cause.at)),
      ` ${cause.what}`, rule && h("span", { class: "rule", title: `${rule[1]} (${rule[2]})` }, ` ${rule[0]}`));
    const below = cause.because.slice(0, DEEP).map((one) => chain(model, one, go, depth + 1));
    const more = cause.because.length - below.length;
    return h("li", {}, line, below.length > 0 && h("ul", {}, below, more > 0 && h("li", {}, `and ${more} more`)));
  };

  const why = (model, position, title, go) => section(title, h("ul", { class: "chain" }, chain(model, model.story.changes[position], go)));

  /** The last change of state of the same instance before an event. */
  const changeBefore = (model, event) => {
    const { events } = model;
    for (let i = event - 1; i >= 0; i--) {
      if (events.change[i] >= 0 && events.place[i] === events.place[event] && events.subject[i] === events.subject[event]) return events.change[i];
    }
    return -1;
  };

  /** The last faults and changes of state before an event that has no cause of its own. */
  const lastBefore = (model, event, go) => {
    const { events } = model;
    const found = [];
    for (let i = event - 1; i >= 0 && found.length < 4; i--) {
      const kind = events.kinds[events.kind[i]];
      if (!events.detail[i] && (kind === "fault" || kind === "state")) found.push(i);
    }
    if (!found.length) return null;
    const line = (i) => h("li", {}, h("button", { type: "button", class: "moment", title: "Show this moment", onclick: () => go(events.at[i]) }, time(events.at[i])),
      ` ${model.text(events.place[i])} ${model.text(events.subject[i])} `, h("span", { class: `tone-${events.tones[events.tone[i]]}` }, model.text(events.what[i])));
    return section("What had happened before", h("ul", { class: "chain" }, found.map(line)));
  };

  const frameOf = (model, packet) => {
    const frame = model.frame(packet);
    const length = model.packets.length[packet];
    const kept = frame.bytes.length < length ? `, the first ${frame.bytes.length} are kept` : "";
    return section("Frame",
      h("div", { class: "layers" }, frame.layers.map((layer) =>
        h("details", { open: true }, h("summary", {}, layer.name),
          h("dl", {}, layer.fields.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]))))),
      h("details", {}, h("summary", {}, `${length} bytes${kept}`), h("pre", { tabindex: "0" }, Report.dump(frame.bytes))));
  };

  const fate = (model, packet) => {
    const { packets, story } = model;
    const lines = [];
    const reached = packets.reached[packet];
    if (reached >= 0) {
      const names = story.reached[reached].map((port) => model.port(port).name);
      const some = names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
      lines.push(h("li", {}, h("span", { class: "tone-good" }, mark("good")), ` reached ${some} after ${span(packets.delay[packet])}`));
    }
    const dropped = packets.dropped[packet];
    for (const [port, reason] of dropped >= 0 ? story.dropped[dropped].slice(0, DEEP) : []) {
      const whom = port >= 0 ? ` on the way to ${model.port(port).name}` : "";
      lines.push(h("li", {}, h("span", { class: "tone-bad" }, mark("bad")), ` dropped${whom}: ${model.text(reason)}`));
    }
    if (!lines.length) lines.push(h("li", {}, "nobody was there to hear it, or it was still on its way"));
    return section("Fate", h("ul", { class: "fate" }, lines));
  };

  /** The parts of the panel for what is selected. */
  Report.detail = (model, selected, go) => {
    if (selected && "event" in selected) {
      const { events } = model;
      const i = selected.event;
      const [subject, packet] = [model.text(events.subject[i]), events.packet[i]];
      const before = events.change[i] < 0 && events.rule[i] >= 0 ? changeBefore(model, i) : -1;
      return [
        h("p", { class: "where" }, h("b", {}, time(events.at[i])), `  ${model.text(events.place[i])}${subject ? `  ${subject}` : ""}`),
        h("h2", { class: `tone-${events.tones[events.tone[i]]}` }, model.text(events.what[i])),
        ruleOf(model, events.rule[i], events.kinds[events.kind[i]] === "finding"),
        events.change[i] >= 0 && why(model, events.change[i], "Why", go),
        before >= 0 && why(model, before, "Its last change of state before", go),
        events.change[i] < 0 && before < 0 && lastBefore(model, i, go),
        packet >= 0 && fate(model, packet),
        packet >= 0 && frameOf(model, packet),
      ];
    }
    if (selected) {
      const i = selected.packet;
      const from = model.port(model.packets.from[i]);
      return [
        h("p", { class: "where" }, h("b", {}, time(model.packets.at[i])), `  sent by ${from.name}`),
        h("h2", {}, model.line(i)),
        fate(model, i),
        ruleOf(model, model.packets.rule[i]),
        frameOf(model, i),
      ];
    }
    return [
      h("h2", {}, "Why did it happen?"),
      h("p", {}, "Choose an event, a packet or a mark in the timeline: its causes, its rule and the decoded frame are shown here."),
    ];
  };
}
