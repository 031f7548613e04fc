// Draws the lanes: bars and ticks of the stretch that is shown, never more of them than there are pixels.
{
  const { time } = Report;
  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
  const NARROW = 620;
  const TONES = ["plain", "good", "warn", "bad", "fault", "master", "backup", "down", "init", "off"];

  /** Distances between marks of the axis: 1, 2 or 5 of a power of ten, at least 80 pixels apart. */
  const axisStep = (length, width) => {
    const least = (length * 80) / width;
    let step = 10 ** Math.floor(Math.log10(least));
    for (const factor of [2, 2.5, 2]) if (step < least) step *= factor;
    return step;
  };

  Report.painter = (canvas, model, rows) => {
    const c = canvas.getContext("2d");
    let [full, tall, colours] = [0, 0, null];
    const narrow = () => full < NARROW;
    const gutter = () => (narrow() ? 0 : 176);
    const axis = 26;
    const rowTall = () => (narrow() ? 44 : 30);
    const width = () => Math.max(1, full - gutter() - 12);
    const x = (at, view) => gutter() + 4 + ((at - view.from) * width()) / (view.to - view.from);
    const timeAt = (px, view) => view.from + ((px - gutter() - 4) * (view.to - view.from)) / width();

    const recolour = () => {
      const style = getComputedStyle(document.documentElement);
      const value = (name) => style.getPropertyValue(`--${name}`).trim();
      colours = { ink: value("ink"), muted: value("muted"), line: value("line"), surface: value("surface"), stripe: value("stripe"), accent: value("accent") };
      for (const tone of TONES) colours[tone] = { fill: value(`${tone}-fill`), ink: value(`${tone}-ink`) };
      colours.hosts = Array.from({ length: 8 }, (_, n) => ({ fill: value(`host-${n}-fill`), ink: value(`host-${n}-ink`) }));
    };
    const toneOf = (bar) => (bar[3] === "holder" ? colours.hosts[Math.max(0, model.hostOf(bar[2])) % 8] : colours[bar[3]] || colours.plain);
    const fit = (text, most) => {
      if (c.measureText(text).width <= most) return text;
      let cut = text.length;
      while (cut > 1 && c.measureText(text.slice(0, cut) + "…").width > most) cut -= Math.max(1, cut >> 3);
      return cut > 1 ? text.slice(0, cut) + "…" : "";
    };

    /** Calls back with every mark of the axis that can be seen. */
    const marks = (view, each) => {
      const step = axisStep(view.to - view.from, width());
      const digits = Math.min(6, Math.max(0, Math.ceil(9 - Math.log10(step) - 0.001)));
      for (let n = Math.ceil(view.from / step); n * step <= view.to; n++) each(Math.round(x(n * step, view)) + 0.5, (n * step) / 1e9, digits);
    };
    const drawGrid = (view) => {
      c.strokeStyle = colours.line;
      c.beginPath();
      marks(view, (px) => {
        c.moveTo(px, axis - 6);
        c.lineTo(px, tall);
      });
      c.stroke();
    };
    const drawAxis = (view) => {
      c.fillStyle = colours.surface;
      c.fillRect(0, 0, full, axis);
      c.font = `11px ${FONT}`;
      c.fillStyle = colours.muted;
      marks(view, (px, seconds, digits) => {
        const label = `${seconds.toFixed(digits)} s`;
        c.fillRect(px - 0.5, axis - 6, 1, 6);
        if (px + c.measureText(label).width < full) c.fillText(label, px + 3, axis - 10);
      });
    };

    const hatch = (left, top, wide, high, colour) => {
      c.save();
      c.beginPath();
      c.rect(left, top, wide, high);
      c.clip();
      c.strokeStyle = colour;
      c.lineWidth = 1.5;
      c.beginPath();
      for (let at = left - high; at < left + wide; at += 7) {
        c.moveTo(at, top + high);
        c.lineTo(at + high, top);
      }
      c.stroke();
      c.restore();
      c.lineWidth = 1;
    };

    /** How a bar looks: the shape tells the state where the colour does not. */
    const drawBar = (lane, bar, left, right, top, high) => {
      const tone = toneOf(bar);
      const slim = { backup: 0.55, init: 0.3, good: 0.3, plain: 0.55 }[bar[3]] || 1;
      const [tallness, wide] = [high * slim, Math.max(right - left, 1)];
      const y = top + (high - tallness) / 2;
      if (bar[3] === "off") {
        c.strokeStyle = colours.muted;
        c.setLineDash([2, 4]);
        c.beginPath();
        c.moveTo(left, top + high / 2);
        c.lineTo(right, top + high / 2);
        c.stroke();
        c.setLineDash([]);
      } else {
        c.fillStyle = tone.fill;
        c.beginPath();
        c.roundRect(left, y, wide, tallness, Math.min(3, wide / 2));
        c.fill();
      }
      if (bar[3] === "down" || bar[3] === "bad") hatch(left, y, wide, tallness, "rgba(255,255,255,0.25)");
      if (wide < 24 || slim < 0.5) return;
      c.fillStyle = bar[3] === "off" ? colours.muted : tone.ink;
      c.font = `600 10.5px ${FONT}`;
      const text = fit(bar[2], wide - 8);
      if (bar[3] === "off") {
        const size = c.measureText(text).width + 6;
        c.fillStyle = colours.surface;
        c.fillRect(left + 3, top, size, high);
        c.fillStyle = colours.muted;
      }
      if (text.length > 2 || text === bar[2]) c.fillText(text, Math.max(left, gutter()) + 5, top + high / 2 + 3.7);
    };

    /** One tick for each pixel that has one. */
    const drawTicks = (lane, view, top, high) => {
      const { tickAt, ticks } = lane;
      const end = Report.firstFrom(tickAt, view.to);
      let i = Report.firstFrom(tickAt, view.from);
      const step = (view.to - view.from) / width();
      const many = (end - i) / width() > 0.25;
      while (i < end) {
        const px = Math.round(x(tickAt[i], view));
        const release = model.packets.kind[ticks[i]] === 2;
        const lost = model.lost(ticks[i]);
        c.fillStyle = lost ? colours.fault.fill : colours.muted;
        if (release) {
          c.fillStyle = colours.fault.fill;
          c.beginPath();
          c.moveTo(px - 4, top);
          c.lineTo(px + 4, top);
          c.lineTo(px, top + high + 2);
          c.fill();
        } else {
          c.fillRect(px, lost ? top - 1 : top + 1, many ? 1 : 2, lost ? high + 2 : high);
        }
        const next = many ? Report.firstFrom(tickAt, tickAt[i] + step, i + 1, end) : i + 1;
        i = next;
      }
    };

    const drawFaults = (view, top, high) => {
      const middle = top + high / 2;
      let free = -1;
      let last = -10;
      for (let n = Report.firstFrom(model.faultAt, view.from); n < model.faults.length && model.faultAt[n] <= view.to; n++) {
        const px = x(model.faultAt[n], view);
        if (px - last < 1) continue;
        last = px;
        c.strokeStyle = colours.fault.fill;
        c.globalAlpha = 0.35;
        c.beginPath();
        c.moveTo(px, top);
        c.lineTo(px, tall);
        c.stroke();
        c.globalAlpha = 1;
        c.fillStyle = colours.fault.fill;
        c.beginPath();
        c.moveTo(px, middle - 6);
        c.lineTo(px + 6, middle);
        c.lineTo(px, middle + 6);
        c.lineTo(px - 6, middle);
        c.fill();
        const next = n + 1 < model.faults.length ? x(model.faultAt[n + 1], view) : full;
        if (px + 10 < free) continue;
        c.font = `11px ${FONT}`;
        const text = fit(model.text(model.events.what[model.faults[n]]), Math.min(next - 8, full - 4) - px - 10);
        if (text.length < 6) continue;
        c.fillStyle = colours.ink;
        c.fillText(text, px + 10, middle + 4);
        free = px + 10 + c.measureText(text).width + 8;
      }
    };

    const drawLabel = (lane, top) => {
      const [name, part] = lane ? [lane.name, lane.part] : [model.events.kinds.includes("finding") ? "findings" : "faults", ""];
      c.font = `600 12px ${FONT}`;
      c.fillStyle = colours.ink;
      if (narrow()) {
        c.fillText(fit(name, full * 0.6), 4, top + 13);
        const at = 4 + c.measureText(fit(name, full * 0.6)).width + 8;
        c.font = `11px ${FONT}`;
        c.fillStyle = colours.muted;
        c.fillText(fit(part, full - at - 4), at, top + 13);
        return;
      }
      c.fillText(fit(name, gutter() - 14), 8, top + (part ? 13 : 19));
      c.font = `11px ${FONT}`;
      c.fillStyle = colours.muted;
      c.fillText(fit(part, gutter() - 14), 8, top + 26);
    };

    const drawRow = (lane, row, view, top, shown) => {
      const [barTop, barHigh] = narrow() ? [top + 18, 14] : [top + 4, 15];
      c.save();
      c.beginPath();
      c.rect(gutter(), top, full - gutter(), row === 0 ? tall : rowTall());
      c.clip();
      if (lane === null) drawFaults(view, narrow() ? top + 16 : top, narrow() ? rowTall() - 16 : rowTall());
      else {
        let before = -1;
        const seen = ((view.to - view.from) * 2) / width();
        for (const bar of lane.bars) {
          if (bar[1] <= view.from || bar[0] >= view.to) continue;
          const [left, right] = [Math.max(x(bar[0], view), gutter()), Math.min(x(bar[1], view), full)];
          if (right - left < 0.5 && right - before < 1) continue;
          before = right;
          const beside = lane.kind === "holder" ? lane.bars.filter((o) => o !== bar && Math.min(o[1], bar[1]) - Math.max(o[0], bar[0]) > seen) : [];
          const [shared, lower] = [beside.length > 0, beside.some((o) => o[2] < bar[2])];
          const high = lane.kind === "state" || lane.kind === "master" ? barHigh : barHigh + 5;
          drawBar(lane, bar, left, right, barTop + (lower ? high / 2 + 0.5 : 0), shared ? high / 2 - 0.5 : high);
        }
        drawTicks(lane, view, barTop + barHigh + 2, 5);
      }
      c.restore();
      drawLabel(lane, top);
      if (shown.lane === row && document.activeElement === canvas) {
        c.strokeStyle = colours.accent;
        c.strokeRect(1.5, top + 1.5, full - 3, rowTall() - 3);
      }
    };

    const drawCursor = (view, shown) => {
      const px = Math.round(x(shown.cursor, view)) + 0.5;
      if (shown.cursor < view.from || shown.cursor > view.to) return;
      c.strokeStyle = colours.accent;
      c.lineWidth = 1.5;
      c.beginPath();
      c.moveTo(px, axis - 4);
      c.lineTo(px, tall);
      c.stroke();
      c.lineWidth = 1;
      c.font = `600 11px ${FONT}`;
      const label = time(shown.cursor);
      const wide = c.measureText(label).width + 10;
      const left = Math.min(Math.max(px - wide / 2, 0), full - wide);
      c.fillStyle = colours.accent;
      c.beginPath();
      c.roundRect(left, 2, wide, 18, 4);
      c.fill();
      c.fillStyle = colours.surface;
      c.fillText(label, left + 5, 15);
    };

    const paint = (view, shown, scrolled) => {
      if (!colours) recolour();
      c.clearRect(0, 0, full, tall);
      c.fillStyle = colours.surface;
      c.fillRect(0, 0, full, tall);
      const first = Math.floor(scrolled / rowTall());
      const last = Math.min(rows.length - 1, Math.ceil((scrolled + tall) / rowTall()));
      c.fillStyle = colours.stripe;
      for (let row = first; row <= last; row++) if (row % 2 === 0) c.fillRect(0, axis + row * rowTall() - scrolled, full, rowTall());
      drawGrid(view);
      for (let row = first; row <= last; row++) drawRow(rows[row], row, view, axis + row * rowTall() - scrolled, shown);
      drawAxis(view);
      drawCursor(view, shown);
    };

    return {
      paint, recolour, timeAt, width, gutter,
      full: () => full,
      height: () => axis + rows.length * rowTall(),
      resize: (wide, high) => {
        const ratio = Math.min(window.devicePixelRatio || 1, 3);
        [full, tall] = [wide, high];
        canvas.width = Math.round(wide * ratio);
        canvas.height = Math.round(high * ratio);
        canvas.style.width = `${wide}px`;
        canvas.style.height = `${high}px`;
        c.setTransform(ratio, 0, 0, ratio, 0, 0);
      },
      rowAt: (y, scrolled) => {
        const row = Math.floor((y - axis + scrolled) / rowTall());
        return y >= axis && row >= 0 && row < rows.length ? row : undefined;
      },
      scrollFor: (row, scrolled, high) => {
        const top = row * rowTall();
        return top < scrolled ? top : Math.max(scrolled, top + axis + rowTall() - high);
      },
    };
  };
}
