// A list of any length with a filter: only the rows that can be seen exist.
{
  const { h, number } = Report;
  const [TALL, EXTRA, PAUSE] = [26, 6, 120];
  let lists = 0;

  /**
   * `source`: `count`, `row(i)` (cells), `tone(i)`, `text(i)` (what the filter reads), `keeps(i, kind)`, `at(i)`;
   * `kinds`: what may be chosen, value and word; `choose(i)` hears which one is selected.
   */
  Report.list = ({ label, columns, source, kinds, first, choose }) => {
    const id = `list-${++lists}`;
    const rows = h("div", { class: "rows" });
    const box = h("div", { class: `list ${columns}`, role: "listbox", tabindex: "0", "aria-label": label, id }, rows);
    box.style.maxHeight = `${Math.max(4, source.count) * TALL + 2}px`;
    const count = h("span", { class: "count", role: "status" });
    const words = h("input", { type: "search", placeholder: "filter, such as: r1 advert", "aria-label": `Filter ${label.toLowerCase()}`, autocomplete: "off", spellcheck: "false" });
    const kind = h("select", { "aria-label": `Kind of ${label.toLowerCase()}` }, kinds.map(([value, word]) => h("option", { value }, word)));
    kind.value = first;
    const shown = { matches: null, selected: -1, texts: new Array(source.count) };

    const textOf = (i) => (shown.texts[i] = shown.texts[i] || source.text(i).toLowerCase());
    const filter = () => {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const matches = [];
      for (let i = 0; i < source.count; i++) {
        if (!source.keeps(i, kind.value)) continue;
        if (wanted.length && !wanted.every((word) => textOf(i).includes(word))) continue;
        matches.push(i);
      }
      shown.matches = matches;
      count.textContent = matches.length === source.count ? number(matches.length) : `${number(matches.length)} of ${number(source.count)}`;
      rows.style.height = `${Math.max(1, matches.length) * TALL}px`;
      paint();
    };
    const paint = () => {
      const { matches } = shown;
      if (!matches || !box.clientHeight) return;
      const from = Math.max(0, Math.floor(box.scrollTop / TALL) - EXTRA);
      const to = Math.min(matches.length, Math.ceil((box.scrollTop + box.clientHeight) / TALL) + EXTRA);
      const made = [];
      for (let n = from; n < to; n++) {
        const i = matches[n];
        const row = h("div", {
          class: `row tone-${source.tone(i)}`, role: "option", id: `${id}-${i}`, "aria-selected": String(i === shown.selected),
          "aria-setsize": matches.length, "aria-posinset": n + 1, onclick: () => choose(i),
        }, source.row(i).map((cell) => h("span", {}, cell)));
        row.style.transform = `translateY(${n * TALL}px)`;
        made.push(row);
      }
      if (!matches.length) made.push(h("div", { class: "row none", role: "option", "aria-selected": "false", "aria-disabled": "true" }, h("span", {}, "nothing fits the filter")));
      rows.replaceChildren(...made);
      const seen = shown.selected >= 0 && made.some((row) => row.id === `${id}-${shown.selected}`);
      if (seen) box.setAttribute("aria-activedescendant", `${id}-${shown.selected}`);
      else box.removeAttribute("aria-activedescendant");
    };
    /** Position among the matches of the first one that is not before `i`. */
    const positionOf = (i) => {
      let [low, high] = [0, shown.matches.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (shown.matches[middle] < i) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    const reveal = (n) => {
      const top = n * TALL;
      if (top < box.scrollTop || top + TALL > box.scrollTop + box.clientHeight) box.scrollTop = top - box.clientHeight / 2 + TALL;
    };
    const keys = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity };
    box.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || !shown.matches.length) return;
      event.preventDefault();
      const now = shown.selected < 0 ? (keys[event.key] > 0 ? -1 : 0) : positionOf(shown.selected);
      const next = Math.min(Math.max(now + keys[event.key], 0), shown.matches.length - 1);
      choose(shown.matches[next]);
    });
    box.addEventListener("scroll", paint);
    new ResizeObserver(paint).observe(box);
    let typing = 0;
    words.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(filter, PAUSE);
    });
    kind.addEventListener("change", filter);
    return {
      element: h("div", { class: "list-panel" }, h("div", { class: "tools" }, words, kind, count), box),
      /** Selects and shows a row; -1: none. */
      select: (i) => {
        shown.selected = i;
        if (!shown.matches) filter();
        if (i >= 0) reveal(positionOf(i));
        paint();
      },
      /** Brings the first row from a position on into sight. */
      near: (i) => {
        if (shown.matches) reveal(positionOf(i));
        paint();
      },
      open: () => (shown.matches ? paint() : filter()),
    };
  };
}
