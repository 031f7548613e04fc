// Texts to be changed: one box for each file, with numbers of lines, and marks where something was found.
{
  const { h } = Report;

  /** Where a line and a column (in characters, from 1) are in a text, in units of JavaScript. */
  const offset = (text, line, column) => {
    const lines = text.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    return before + [...(lines[line - 1] || "")].slice(0, column - 1).join("").length;
  };

  const box = (name, text, changed) => {
    const gutter = h("pre", { class: "gutter", "aria-hidden": "true" });
    const area = h("textarea", { spellcheck: "false", autocomplete: "off", autocapitalize: "off", wrap: "off", "aria-label": name }, text);
    let found = [];
    const number = () => {
      const marks = new Map(found.map((one) => [one.line, one.severity]));
      const count = area.value.split("\n").length;
      gutter.replaceChildren(...Array.from({ length: count }, (_, i) => h("span", { class: marks.get(i + 1) || "" }, String(i + 1))));
      gutter.scrollTop = area.scrollTop;
    };
    area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });
    area.addEventListener("input", () => { number(); changed(name, area.value); });
    number();
    return {
      element: h("div", { class: "play-file" }, h("h3", {}, name), h("div", { class: "play-text" }, gutter, area)),
      mark: (all) => {
        found = all.filter((one) => one.file === name);
        area.setAttribute("aria-invalid", String(found.some((one) => one.severity === "error")));
        number();
      },
      show: ({ line, column }) => {
        const at = offset(area.value, line, column);
        area.focus();
        area.setSelectionRange(at, at + 1);
        const height = area.scrollHeight / area.value.split("\n").length;
        area.scrollTop = Math.max(0, (line - 4) * height);
      },
    };
  };

  /** Boxes for these texts; `changed(name, text)` hears of every change. */
  Playground.editor = (files, changed) => {
    const boxes = new Map(Object.entries(files).map(([name, text]) => [name, box(name, text, changed)]));
    return {
      elements: [...boxes.values()].map((one) => one.element),
      mark: (found) => boxes.forEach((one) => one.mark(found)),
      /** Shows a place, if it is in one of the boxes. */
      show: (found) => {
        const place = boxes.get(found.file);
        if (place) place.show(found);
      },
    };
  };
}
