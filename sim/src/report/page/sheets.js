// Tables, and the table of colours.
{
  const { h, mark, time, number } = Report;
  const MOST = 200;

  const row = (sheet, one, go) => {
    const cells = one.cells.map((cell, n) => {
      const [label, numeric] = sheet.columns[n];
      const marked = n === 0 && one.tone !== "plain" ? [h("span", { class: "mark", "aria-hidden": "true" }, mark(one.tone)), ` ${cell}`] : [cell];
      const inside = n === 0 && one.at !== undefined && go
        ? h("button", { type: "button", class: "moment", title: `Show ${time(one.at)}`, onclick: () => go(one.at) }, marked)
        : h("span", {}, marked);
      const lines = cell.includes("\n");
      return h("td", { class: `${numeric ? "number" : ""}${n === 0 ? ` verdict tone-${one.tone}` : ""}${lines ? " lines" : ""}${cell ? "" : " empty"}${label === "place" ? " written" : ""}`, "data-label": label }, inside);
    });
    return h("tr", {}, cells);
  };

  /** A table with its heading; `go(at)` shows a moment. */
  Report.sheet = (sheet, go) => {
    const body = h("tbody", {}, sheet.rows.slice(0, MOST).map((one) => row(sheet, one, go)));
    const rest = sheet.rows.length - MOST;
    const more = rest > 0 && h("button", { type: "button", onclick: (event) => {
      body.append(...sheet.rows.slice(MOST).map((one) => row(sheet, one, go)));
      event.target.remove();
    } }, `show ${number(rest)} more`);
    const bad = sheet.rows.filter((one) => one.tone === "bad").length;
    return h("section", { class: "sheet" },
      h("h2", {}, sheet.title, h("span", { class: "count" }, ` ${number(sheet.rows.length)}${bad ? `, ${number(bad)} bad` : ""}`)),
      sheet.note && h("p", { class: "note" }, sheet.note),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": sheet.title },
        h("table", {}, h("thead", {}, h("tr", {}, sheet.columns.map(([name, numeric]) => h("th", { scope: "col", class: numeric ? "number" : null }, name)))), body)),
      more);
  };

  /** A table in which a colour and a word tell how hot each pair is. */
  Report.heat = (heat) => {
    const cells = new Map(heat.cells.map(([r, c, word, hot, about]) => [`${r} ${c}`, { word, hot, about }]));
    const told = h("p", { class: "note told", role: "status" }, "Choose a cell to read about it.");
    const cell = (r, c) => {
      const found = cells.get(`${r} ${c}`);
      if (!found) return h("td", { class: "empty" }, "");
      const tell = () => (told.textContent = `${heat.rows[r]}, ${heat.columns[c]}: ${found.about}`);
      return h("td", { class: `heat heat-${found.hot}` }, h("button", { type: "button", title: found.about, onclick: tell }, found.word));
    };
    const head = heat.columns.map((name) => h("th", { scope: "col" }, h("span", {}, name)));
    return h("section", { class: "sheet heat-map" },
      h("h2", {}, heat.title), h("p", { class: "note" }, heat.note),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": heat.title },
        h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `${heat.down} \\ ${heat.across}`), head)),
          h("tbody", {}, heat.rows.map((name, r) => h("tr", {}, h("th", { scope: "row" }, name), heat.columns.map((_, c) => cell(r, c))))))),
      told);
  };
}
