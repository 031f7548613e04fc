// Times as words, and elements made of text: nothing of the data is ever read as HTML.
{
  /** A moment in seconds, with microseconds: `3.609375`. */
  Report.time = (ns) => {
    const micros = Math.floor(ns / 1000);
    return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`;
  };

  /** A length of time, short: `7.01 s`, `250 ms`. */
  Report.span = (ns) => {
    if (ns >= 1e9) return `${Number((ns / 1e9).toFixed(3))} s`;
    if (ns >= 1e6) return `${Number((ns / 1e6).toFixed(3))} ms`;
    return `${Number((ns / 1e3).toFixed(3))} us`;
  };

  Report.number = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

  /** The mark of a tone: a colour never stands alone. */
  Report.mark = (tone) =>
    ({ good: "✓", bad: "✕", warn: "!", fault: "◆", master: "●", backup: "○", down: "▲", init: "◌", off: "–", holder: "●" })[tone] || "·";

  const fill = (element, properties, children) => {
    for (const [name, value] of Object.entries(properties || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined && child !== false) element.append(child);
    }
    return element;
  };

  /** An HTML element. Strings among the children become text. */
  Report.h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);

  /** An SVG element. */
  Report.s = (tag, properties, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

  /** A text cut to so many letters. */
  Report.cut = (text, most) => (text.length > most ? text.slice(0, most - 1) + "…" : text);
}
