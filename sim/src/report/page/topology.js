// The drawing of hosts and segments, with everybody's state at the chosen time.
{
  const { s, cut, mark } = Report;
  const [BOX, GAP, LINE, WIRE, LEFT, LETTERS] = [148, 14, 17, 40, 12, 20];
  const [ROWS, MOST, AGAIN] = [4, 240, 1080];

  /** Hosts in two rows: routers above the segments, all others below. */
  const places = (model) => {
    const hosts = model.story.hosts.map((host, position) => ({ host, position }));
    const top = hosts.filter(({ host }) => host.kind === "router" || host.kind === "host").slice(0, MOST);
    const bottom = hosts.filter(({ host }) => host.kind !== "router" && host.kind !== "host").slice(0, MOST);
    return { top, bottom };
  };

  /** The lanes of each host, and those of the addresses that it may hold. */
  const lanesByHost = (model) =>
    model.story.hosts.map((host, position) => ({
      own: model.lanes.filter((lane) => lane.host === position && lane.kind !== "holder"),
      held: model.lanes.filter((lane) => lane.kind === "holder" && lane.bars.some((bar) => bar[2] === host.name)),
    }));

  /** What a host's box says at a moment: lines of a tone and a text. */
  const linesOf = (name, { own, held }, at) => {
    const lines = own.map((lane) => {
      const bar = Report.barAt(lane, at);
      const without = { client: "does not ask", master: "not master" }[lane.kind] || "off";
      const word = !bar ? without : lane.kind === "client" && bar[3] === "bad" ? "no answer" : bar[2].split(",")[0];
      return { tone: bar ? bar[3] : "off", text: own.length > 1 ? `${lane.part} ${word}` : word };
    });
    for (const lane of held) {
      if (lane.bars.some((bar) => bar[0] <= at && at < bar[1] && bar[2] === name)) {
        lines.push({ tone: "holder", text: lane.name + (lane.part.startsWith("and") ? " +" : "") });
      }
    }
    if (lines.length <= ROWS) return lines;
    return [...lines.slice(0, ROWS - 1), { tone: "plain", text: `and ${lines.length - ROWS + 1} more` }];
  };

  /** The letter of each port's island, where a segment is in parts; `""`: all is well, `✕`: cut off or down. */
  const letters = (model, at) => {
    const islands = (model.islandsAt(at) || []).map((island) => new Set(island));
    const result = new Map();
    if (!islands.length) return result;
    model.story.networks.forEach((_, network) => {
      const ports = model.story.ports.map((port, i) => ({ port, i })).filter(({ port }) => port.network === network);
      const parts = [];
      const partOf = new Map();
      islands.forEach((island) => {
        const here = ports.filter(({ i }) => island.has(i)).map(({ i }) => i);
        if (here.length) parts.push(here);
      });
      parts.sort((a, b) => b.length - a.length || a[0] - b[0]);
      parts.forEach((part, n) => part.forEach((i) => partOf.has(i) || partOf.set(i, n)));
      ports.forEach(({ i }) => {
        const part = partOf.get(i);
        if (part === undefined) result.set(i, "✕");
        else result.set(i, parts.length > 1 ? String.fromCharCode(65 + (part % 26)) : "");
      });
    });
    return result;
  };

  /** Draws once; the answer is an element and a function that shows another moment. */
  Report.topology = (model, choose) => {
    const { top, bottom } = places(model);
    const lanes = lanesByHost(model);
    const most = ({ own, held }) => Math.min(ROWS, own.length + held.length);
    const rows = (list) => Math.max(1, ...list.map(({ position }) => most(lanes[position])));
    const heights = [30 + LINE * rows(top), 30 + LINE * rows(bottom)];
    const width = LEFT * 2 + Math.max(top.length, bottom.length, 2) * (BOX + GAP) - GAP;
    const wires = 34 + WIRE * Math.max(model.story.networks.length, 1);
    const height = heights[0] + wires + (bottom.length ? heights[1] : -26) + 8;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "Hosts and segments" });
    svg.style.setProperty("--natural", `${width}px`);
    const wireY = (network) => 4 + heights[0] + 34 + network * WIRE;
    model.story.networks.forEach((name, n) => {
      svg.append(s("line", { class: "segment", x1: LEFT, x2: width - LEFT, y1: wireY(n), y2: wireY(n) }));
      for (let x = width - LEFT; x > LEFT; x -= AGAIN) svg.append(s("text", { class: "segment-name", x, y: wireY(n) - 7, "text-anchor": "end" }, name));
    });
    const boxes = [];
    const links = [];
    const column = (list, index) => {
      const spread = width - 2 * LEFT - (list.length * (BOX + GAP) - GAP);
      return LEFT + spread / 2 + index * (BOX + GAP);
    };
    const put = (list, isTop) =>
      list.forEach(({ host, position }, index) => {
        const x = column(list, index);
        const y = isTop ? 4 : 4 + heights[0] + wires;
        const tall = heights[isTop ? 0 : 1];
        model.story.ports.forEach((port, i) => {
          if (port.host !== position) return;
          const own = model.story.ports.filter((other) => other.host === position);
          if (host.kind === "clients" && own[0] !== port) return;
          const at = x + (isTop ? BOX * 0.35 : BOX * 0.6) + (own.length > 1 && host.kind !== "clients" ? own.indexOf(port) * 16 : 0);
          const line = s("line", { class: "link", x1: at, x2: at, y1: isTop ? y + tall : y, y2: wireY(port.network) });
          const dot = s("circle", { class: "dot", cx: at, cy: wireY(port.network), r: 4 });
          const letter = s("text", { class: "letter", x: at + 7, y: wireY(port.network) + (isTop ? -6 : 15) });
          svg.append(line, dot, letter);
          links.push({ i, line, letter });
        });
        const box = s("g", { class: `box ${host.kind}`, transform: `translate(${x} ${y})` });
        box.append(s("title", {}, `${host.name}: ${host.about}`));
        box.append(s("rect", { width: BOX, height: tall, rx: 7 }));
        box.append(s("text", { class: "name", x: 10, y: 19 }, cut(host.name, LETTERS - 2)));
        const lines = s("g", { class: "lines" });
        box.append(lines);
        box.addEventListener("click", () => choose(host.name));
        svg.append(box);
        boxes.push({ position, box, lines });
      });
    put(top, true);
    put(bottom, false);
    const show = (at) => {
      boxes.forEach(({ position, box, lines }) => {
        const said = linesOf(model.story.hosts[position].name, lanes[position], at);
        const first = said[0] ? said[0].tone : "plain";
        box.setAttribute("data-tone", first);
        lines.replaceChildren(
          ...said.map(({ tone, text }, n) =>
            s("text", { class: `line tone-${tone}`, x: 10, y: 38 + n * LINE }, s("tspan", { class: "mark" }, mark(tone)), ` ${cut(text, LETTERS - 3)}`),
          ),
        );
      });
      const marks = letters(model, at);
      links.forEach(({ i, line, letter }) => {
        const word = marks.get(i) || "";
        line.setAttribute("class", word === "✕" ? "link down" : word ? "link parted" : "link");
        letter.textContent = word;
      });
    };
    /** Brings a host's box into sight. */
    const reveal = (name) => {
      const found = boxes.find(({ position }) => model.story.hosts[position].name === name);
      const room = svg.parentElement;
      if (!found || room.scrollWidth <= room.clientWidth) return;
      const [box, around] = [found.box.getBoundingClientRect(), room.getBoundingClientRect()];
      if (box.left < around.left || box.right > around.right) room.scrollLeft += box.left - around.left - around.width / 2 + box.width / 2;
    };
    return { element: svg, show, reveal, summary: (at) => summary(model, at) };
  };

  /** The same in one sentence, for who cannot see it. */
  const summary = (model, at) => {
    const states = model.lanes.filter((lane) => lane.kind !== "holder").slice(0, 12);
    const words = states.map((lane) => {
      const bar = Report.barAt(lane, at);
      return `${lane.name} ${lane.kind === "client" ? "" : lane.part + " "}${bar ? bar[2] : "off"}`;
    });
    return `At ${Report.time(at)}: ${words.join(", ")}`;
  };
}
