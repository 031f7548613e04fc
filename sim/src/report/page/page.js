// Puts the page together: header, drawing, lanes, lists, panel and tables, and one moment and one selection for all of them.
{
  const { h, time, mark, number } = Report;
  const [PRINTED, WIDE] = [400, 1100];

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = { wanted: "system", paper: false };

  /** Light or dark as was chosen, or as the system has it; paper is light. */
  const applyTheme = () => {
    const system = dark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme.paper ? "light" : theme.wanted === "system" ? system : theme.wanted;
    if (Report.open) Report.open.repaint();
  };
  const themeSwitch = () => {
    const words = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
    const select = h("select", { "aria-label": "Theme" }, Object.entries(words).map(([value, word]) => h("option", { value, selected: value === theme.wanted }, word)));
    select.addEventListener("change", () => { theme.wanted = select.value; applyTheme(); });
    return select;
  };
  const paper = (on) => { theme.paper = on; applyTheme(); };
  dark.addEventListener("change", applyTheme);
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));

  const copy = (text) => h("button", { type: "button", class: "copy", "aria-label": `Copy: ${text}`, onclick: async (event) => {
    try {
      await navigator.clipboard.writeText(text);
      event.target.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(event.target.previousSibling);
    }
  } }, "copy");

  const header = (page, switcher) => h("header", {},
    h("div", { class: "top" },
      h("div", { class: "brand" }, `vrrplab ${page.command}`),
      switcher),
    h("h1", {}, page.title, " ", h("span", { class: `badge tone-${page.verdict.tone}` }, h("span", { "aria-hidden": "true" }, mark(page.verdict.tone)), ` ${page.verdict.text}`)),
    page.about && h("p", { class: "about" }, page.about.trim()),
    page.facts.length > 0 && facts(page.facts),
    page.repeat.map(repeat));

  const repeat = (line) => h("p", { class: "repeat" }, h("span", {}, "repeat"), h("code", {}, line), copy(line));

  const facts = (pairs) => h("dl", { class: "facts" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

  /** Lists of events and packets, and which of them is open. */
  const lists = (model, select) => {
    const { events, packets } = model;
    const kinds = [["story", "the story"], ["all", "everything"], ...events.kinds.map((kind) => [kind, `only: ${kind}`])];
    const list = {
      event: Report.list({
        label: "Events", columns: "events", kinds, first: "story", choose: (i) => select({ event: i }),
        source: {
          count: events.count,
          tone: (i) => (events.detail[i] ? "detail" : events.tones[events.tone[i]]),
          keeps: (i, kind) => kind === "all" || (kind === "story" ? !events.detail[i] : events.kinds[events.kind[i]] === kind),
          row: (i) => [time(events.at[i]), model.text(events.place[i]), model.text(events.subject[i]), model.text(events.what[i]), (model.rule(events.rule[i]) || [""])[0]],
          text: (i) => [time(events.at[i]), model.text(events.place[i]), model.text(events.subject[i]), model.text(events.what[i]), (model.rule(events.rule[i]) || [""])[0]].join(" "),
        },
      }),
      packet: packets.count > 0 && Report.list({
        label: "Packets", columns: "packets", first: "all", choose: (i) => select({ packet: i }),
        kinds: [["all", "all packets"], ["vrrp", "VRRP"], ["release", "releases"], ["announcement", "announcements"], ["other", "other traffic"], ["dropped", "dropped somewhere"]],
        source: {
          count: packets.count,
          tone: (i) => (packets.dropped[i] >= 0 ? "fault" : packets.kind[i] === 2 ? "warn" : "plain"),
          keeps: (i, kind) => kind === "all" || (kind === "dropped" ? packets.dropped[i] >= 0
            : { vrrp: [1, 2], release: [2], announcement: [3], other: [0] }[kind].includes(packets.kind[i])),
          row: (i) => [time(packets.at[i]), model.port(packets.from[i]).name, packets.dropped[i] >= 0 ? "✕ dropped" : "", model.line(i), (model.rule(packets.rule[i]) || [""])[0]],
          text: (i) => [time(packets.at[i]), model.port(packets.from[i]).name, packets.dropped[i] >= 0 ? "dropped" : "", model.line(i), (model.rule(packets.rule[i]) || [""])[0]].join(" "),
        },
      }),
    };
    const names = { event: "Events", packet: "Packets" };
    const tabs = Object.keys(list).filter((key) => list[key]);
    const panels = {};
    const buttons = {};
    const open = (key) => {
      for (const other of tabs) {
        buttons[other].setAttribute("aria-selected", String(other === key));
        buttons[other].tabIndex = other === key ? 0 : -1;
        panels[other].hidden = other !== key;
      }
      list[key].open();
    };
    for (const key of tabs) {
      buttons[key] = h("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}`, onclick: () => open(key), onkeydown: (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = tabs[(tabs.indexOf(key) + 1) % tabs.length];
        open(other);
        buttons[other].focus();
      } }, names[key], h("span", { class: "count" }, ` ${number(key === "event" ? events.count : packets.count)}`));
      panels[key] = h("div", { role: "tabpanel", id: `panel-${key}`, "aria-labelledby": `tab-${key}` }, list[key].element);
    }
    const element = h("section", { class: "lists" }, h("div", { role: "tablist", "aria-label": "Lists" }, tabs.map((key) => buttons[key])), tabs.map((key) => panels[key]));
    return {
      element,
      start: () => open("event"),
      show: (selected, at) => {
        const key = selected && "packet" in selected ? "packet" : "event";
        for (const other of tabs) list[other].select(selected && other in selected ? selected[other] : -1);
        if (selected && panels[key].hidden) open(key);
        if (!selected) {
          list.event.near(Report.firstFrom(events.at, at));
          if (list.packet) list.packet.near(Report.firstFrom(packets.at, at));
        }
      },
    };
  };

  /** The events of the story as plain lines, for paper. */
  const printed = (model) => {
    const { events } = model;
    const lines = [];
    for (let i = 0; i < events.count && lines.length < PRINTED; i++) {
      if (!events.detail[i]) lines.push(`${time(events.at[i]).padStart(12)}  ${model.text(events.place[i])}  ${model.text(events.subject[i])}  ${model.text(events.what[i])}  ${(model.rule(events.rule[i]) || [""])[0]}`);
    }
    return h("section", { class: "printed" }, h("h2", {}, "Timeline"), h("pre", {}, lines.join("\n")));
  };

  const story = (data) => {
    const model = Report.read(data);
    const now = { cursor: 0, selected: null };
    const moment = h("output", { class: "moment-now" });
    const slider = h("input", { type: "range", min: "0", max: "1000", step: "1", value: "0", "aria-label": "Moment" });
    const spoken = h("p", { class: "hidden", role: "status" });
    const panel = h("aside", { class: "detail", "aria-label": "Details", tabindex: "-1" });
    const update = (follow) => {
      const shown = Math.min(now.cursor, model.end - 1);
      drawing.show(shown);
      spoken.textContent = drawing.summary(shown);
      timeline.show(now.cursor, now.selected, follow);
      moment.textContent = `${time(now.cursor)} s`;
      slider.value = String(Math.round((now.cursor * 1000) / model.end));
      slider.setAttribute("aria-valuetext", `${time(now.cursor)} seconds`);
    };
    const cursor = (at, follow) => {
      [now.cursor, now.selected] = [at, null];
      update(follow);
      list.show(null, at);
      detail();
    };
    const go = (at) => cursor(at, true);
    const select = (selected) => {
      now.selected = selected;
      now.cursor = "event" in selected ? model.events.at[selected.event] : model.packets.at[selected.packet];
      update(true);
      const port = "packet" in selected && model.port(model.packets.from[selected.packet]);
      drawing.reveal(port ? data.hosts[port.host].name : model.text(model.events.place[selected.event]));
      list.show(selected, now.cursor);
      detail();
    };
    const detail = () => {
      panel.classList.toggle("on", now.selected !== null);
      const close = now.selected && h("button", { type: "button", class: "close", "aria-label": "Close details", onclick: () => { now.selected = null; list.show(null, now.cursor); detail(); } }, "✕");
      panel.replaceChildren(...[close, ...Report.detail(model, now.selected, go)].filter(Boolean));
      panel.scrollTop = 0;
    };
    /** The next event of the story, or the one before. */
    const step = (by) => {
      const { events } = model;
      const from = now.selected && "event" in now.selected ? now.selected.event + by : Report.firstFrom(events.at, now.cursor) - (by < 0 ? 1 : 0);
      for (let i = from; i >= 0 && i < events.count; i += by) {
        if (!events.detail[i]) return select({ event: i });
      }
    };
    const drawing = Report.topology(model, (name) => {
      const lane = model.lanes.find((one) => one.name === name && one.events.length);
      const last = lane && lane.events.filter((i) => model.events.at[i] <= now.cursor).pop();
      if (last !== undefined) select({ event: last });
    });
    const timeline = Report.lanes(model, { cursor, select, step });
    const list = lists(model, select);
    slider.addEventListener("input", () => cursor((Number(slider.value) * model.end) / 1000, true));
    const stepper = (label, title, by) => h("button", { type: "button", title, "aria-label": title, onclick: () => step(by) }, label);
    const element = h("div", { class: "story" },
      h("div", { class: "main" },
        h("section", { class: "card" },
          h("div", { class: "bar" }, h("h2", {}, "Network"), h("div", { class: "buttons" }, stepper("‹ event", "Event before", -1), slider, stepper("event ›", "Next event", 1)), moment),
          h("div", { class: "drawing", tabindex: "0", role: "region", "aria-label": "Drawing of the network" }, drawing.element), spoken),
        h("section", { class: "card" },
          h("div", { class: "bar" }, h("h2", {}, "Timeline"), legend(model), timeline.buttons),
          h("p", { class: "hidden", id: "lanes-keys" }, "Arrow keys move the cursor and choose a lane, plus and minus zoom, 0 shows all, Enter selects, n and p go to the next and previous event."),
          timeline.element),
        h("section", { class: "card" }, list.element)),
      panel,
      h("div", { class: "sheets" }, data.sheets.map((sheet) => Report.sheet(sheet, go)), printed(model)));
    const start = () => {
      list.start();
      const first = opening(model);
      if (first >= 0 && innerWidth > WIDE) return select({ event: first });
      if (first >= 0) now.cursor = model.events.at[first];
      update(false);
      detail();
    };
    return { element, repaint: timeline.repaint, model, view: timeline.view, start };
  };

  /** What a reader wants to see first: who became master after the first fault, or the fault, or the first change. */
  const opening = (model) => {
    const { events, faults } = model;
    const changes = [];
    for (let i = 0; i < events.count; i++) if (events.change[i] >= 0 && events.tones[events.tone[i]] === "master") changes.push(i);
    const after = changes.find((i) => faults.length && i > faults[0]);
    const finding = events.kinds.includes("finding") ? faults[0] : undefined;
    return [finding, after, faults[0], changes[0], events.count ? 0 : -1].find((i) => i !== undefined);
  };

  const legend = (model) => {
    const tones = new Set(model.lanes.flatMap((lane) => lane.bars.map((bar) => bar[3])));
    const words = { master: "MASTER", backup: "BACKUP", down: "FAULT", init: "INIT", off: "no daemon" };
    const items = Object.entries(words).filter(([tone]) => tones.has(tone)).map(([tone, word]) => h("li", { class: `key-${tone}` }, word));
    if (model.packets.kind.some((kind) => kind === 1)) items.push(h("li", { class: "key-tick" }, "advert"));
    if (model.packets.kind.some((kind) => kind === 2)) items.push(h("li", { class: "key-release" }, "release"));
    if (model.faults.length) items.push(h("li", { class: "key-fault" }, model.events.kinds.includes("finding") ? "finding" : "fault"));
    return h("ul", { class: "legend", "aria-label": "Legend" }, items);
  };

  /** Shows a page's data in an element; may be called again with other data. */
  Report.show = (page, root) => {
    const place = h("div", { class: "place" });
    const several = page.stories.length > 1;
    const show = (position) => {
      const one = page.stories[position];
      Report.open = story(one);
      const head = several && h("div", { class: "one" }, one.about && h("p", { class: "about" }, one.about.trim()), facts(one.facts), repeat(one.repeat));
      place.replaceChildren(...[head, Report.open.element].filter(Boolean));
      Report.open.start();
    };
    Report.open = null;
    applyTheme();
    const which = several && h("label", { class: "which" }, "Scenario ",
      h("select", { onchange: (event) => show(Number(event.target.value)) },
        page.stories.map((one, position) => h("option", { value: position }, `${mark(one.verdict.tone)} ${one.name}: ${one.verdict.text}`))));
    root.replaceChildren(...[
      header(page, themeSwitch()),
      h("main", {}, page.heat && Report.heat(page.heat), page.stories.length === 0 && page.sheets.map((sheet) => Report.sheet(sheet)), which, place,
        page.stories.length > 0 && page.sheets.map((sheet) => Report.sheet(sheet))),
    ]);
    if (page.stories.length) show(0);
  };
}
