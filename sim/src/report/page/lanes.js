// The picture of time: which stretch is shown, and what the wheel, the pointer and the keys do to it.
{
  const { h, time, span } = Report;
  const [NEAR, STEP, CLOSEST] = [7, 1.25, 2000];

  /** What can be seen, and how far in. */
  const window_ = (end) => {
    const state = { from: 0, to: end };
    const set = (from, to) => {
      const length = Math.min(Math.max(to - from, CLOSEST), end);
      state.from = Math.min(Math.max(from, 0), end - length);
      state.to = state.from + length;
    };
    const zoom = (factor, around) => {
      const length = (state.to - state.from) / factor;
      const share = (around - state.from) / (state.to - state.from);
      set(around - length * share, around + length * (1 - share));
    };
    const pan = (by) => set(state.from + by, state.to + by);
    const include = (at) => {
      if (at < state.from || at > state.to) pan(at - (state.from + state.to) / 2);
    };
    return { state, set, zoom, pan, include, whole: () => state.from === 0 && state.to === end };
  };

  /** The event or packet of a lane that is nearest to a moment, within a distance. */
  const nearest = (model, lane, at, within) => {
    let best = null;
    const look = (moments, positions, kind) => {
      for (let i = Report.firstFrom(moments, at - within); i < moments.length && moments[i] <= at + within; i++) {
        const off = Math.abs(moments[i] - at) * (kind === "event" ? 0.7 : 1);
        if (!best || off < best.off) best = { off, [kind]: positions[i] };
      }
    };
    if (lane === null) look(model.faultAt, model.faults, "event");
    else {
      look(lane.eventAt, lane.events, "event");
      look(lane.tickAt, lane.ticks, "packet");
    }
    return best && ("event" in best ? { event: best.event } : { packet: best.packet });
  };

  /** The words for a place in the picture. */
  const told = (model, lane, at, hit) => {
    if (hit && "event" in hit) return `${time(model.events.at[hit.event])}  ${model.text(model.events.what[hit.event])}`;
    if (hit) return `${time(model.packets.at[hit.packet])}  ${model.line(hit.packet)}`;
    if (lane === null) return `${time(at)}  faults`;
    const bar = Report.barAt(lane, at);
    return `${time(at)}  ${lane.name} ${lane.kind === "client" ? "" : lane.part.split(":")[0]}: ${bar ? `${bar[2]} for ${span(bar[1] - bar[0])}` : "nothing"}`;
  };

  /** Builds the picture. `on` hears `cursor(at)` and `select(hit)`. */
  Report.lanes = (model, on) => {
    const canvas = h("canvas", { tabindex: "0", role: "application", "aria-roledescription": "timeline", "aria-describedby": "lanes-keys" });
    const room = h("div", { class: "lanes-room" }, canvas);
    const scroll = h("div", { class: "lanes-scroll" }, room);
    const tip = h("div", { class: "tip", "aria-hidden": "true" });
    const view = window_(model.end);
    const shown = { cursor: 0, selected: null, lane: 0, hover: null };
    const rows = model.faults.length ? [null, ...model.lanes] : model.lanes;
    const painter = Report.painter(canvas, model, rows);

    let waiting = false;
    const paintNow = () => {
      waiting = false;
      painter.paint(view.state, shown, scroll.scrollTop);
      canvas.setAttribute("aria-label", `Timeline from ${time(view.state.from)} to ${time(view.state.to)} seconds, cursor at ${time(shown.cursor)}`);
    };
    const paint = () => {
      if (!waiting) requestAnimationFrame(paintNow);
      waiting = true;
    };
    const resize = () => {
      room.style.height = `${painter.height()}px`;
      painter.resize(scroll.clientWidth, Math.min(scroll.clientHeight || 400, painter.height()));
      paintNow(); // before paper is printed no frame comes
    };
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      return { x, y, at: painter.timeAt(x, view.state), row: painter.rowAt(y, scroll.scrollTop) };
    };
    const within = () => (NEAR * (view.state.to - view.state.from)) / painter.width();
    const hitAt = ({ at, row }) => (row === undefined ? null : nearest(model, rows[row], at, within()));
    const clamp = (at) => Math.min(Math.max(at, 0), model.end);
    const choose = (spot) => {
      const hit = hitAt(spot);
      if (spot.row !== undefined) shown.lane = spot.row;
      if (hit) on.select(hit);
      else on.cursor(clamp(spot.at));
    };

    canvas.addEventListener("wheel", (event) => {
      if (event.ctrlKey || (!event.shiftKey && Math.abs(event.deltaY) >= Math.abs(event.deltaX))) {
        if (event.deltaY > 0 && view.whole()) return;
        view.zoom(event.deltaY < 0 ? STEP : 1 / STEP, place(event).at);
      } else {
        if (view.whole()) return;
        view.pan(((event.deltaX || event.deltaY) * (view.state.to - view.state.from)) / painter.width());
      }
      event.preventDefault();
      paint();
    }, { passive: false });

    const pointers = new Map();
    let moved = false;
    canvas.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, place(event));
      moved = pointers.size > 1;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = place(event);
      const before = pointers.get(event.pointerId);
      if (!before) {
        const hit = hitAt(now);
        tip.textContent = now.row === undefined ? "" : told(model, rows[now.row], clamp(now.at), hit);
        tip.style.transform = `translate(${Math.max(0, Math.min(now.x + 12, painter.full() - tip.offsetWidth - 4))}px, ${now.y + 16}px)`;
        tip.classList.toggle("on", now.row !== undefined && now.x > painter.gutter());
        canvas.style.cursor = hit ? "pointer" : "crosshair";
        return;
      }
      tip.classList.remove("on");
      if (pointers.size === 2) {
        const [[, other]] = [...pointers].filter(([id]) => id !== event.pointerId);
        const gap = (one) => Math.max(20, Math.abs(one.x - other.x));
        view.zoom(gap(now) / gap(before), painter.timeAt(other.x, view.state));
      } else if (moved || Math.abs(now.x - before.x) > 4) {
        moved = true;
        view.pan(((before.x - now.x) * (view.state.to - view.state.from)) / painter.width());
      } else return;
      pointers.set(event.pointerId, now);
      paint();
    });
    const lift = (event) => {
      if (pointers.delete(event.pointerId) && !moved && event.type === "pointerup") choose(place(event));
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("pointerleave", () => tip.classList.remove("on"));

    const rowBy = (by) => {
      shown.lane = Math.min(Math.max(shown.lane + by, 0), rows.length - 1);
      scroll.scrollTop = painter.scrollFor(shown.lane, scroll.scrollTop, scroll.clientHeight);
    };
    const keys = {
      ArrowLeft: (far) => on.cursor(clamp(shown.cursor - pixel() * (far ? 80 : 8))),
      ArrowRight: (far) => on.cursor(clamp(shown.cursor + pixel() * (far ? 80 : 8))),
      ArrowUp: () => rowBy(-1),
      ArrowDown: () => rowBy(1),
      "+": () => view.zoom(1.6, shown.cursor),
      "=": () => view.zoom(1.6, shown.cursor),
      "-": () => view.zoom(1 / 1.6, shown.cursor),
      0: () => view.set(0, model.end),
      Home: () => on.cursor(0),
      End: () => on.cursor(model.end),
      Enter: () => choose({ at: shown.cursor, row: shown.lane }),
      n: () => on.step(1),
      p: () => on.step(-1),
    };
    const pixel = () => (view.state.to - view.state.from) / painter.width();
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      keys[event.key](event.shiftKey);
      event.preventDefault();
      paint();
    });
    canvas.addEventListener("focus", paint);
    canvas.addEventListener("blur", paint);
    scroll.addEventListener("scroll", paint);
    new ResizeObserver(resize).observe(scroll);

    const button = (label, title, act) => h("button", { type: "button", title, "aria-label": title, onclick: () => { act(); paint(); } }, label);
    const buttons = h("div", { class: "buttons", role: "group", "aria-label": "Zoom of the timeline" },
      button("+", "Zoom in", () => view.zoom(2, shown.cursor)),
      button("−", "Zoom out", () => view.zoom(0.5, shown.cursor)),
      button("‹", "Earlier", () => view.pan((view.state.from - view.state.to) / 3)),
      button("›", "Later", () => view.pan((view.state.to - view.state.from) / 3)),
      button("whole", "Show the whole run", () => view.set(0, model.end)),
    );
    return {
      element: h("div", { class: "lanes" }, scroll, tip),
      buttons,
      repaint: () => { painter.recolour(); resize(); },
      view: view.state,
      show: (cursor, selected, follow) => {
        [shown.cursor, shown.selected] = [cursor, selected];
        if (follow) view.include(cursor);
        paint();
      },
    };
  };
}
