// What the reader turns: the scenario, the seed, and the moment of a fault.
{
  const { h } = Report;
  const PAIR = "";

  /** Nanoseconds as seconds, as short as they are exact: `8`, `8.25`. */
  const seconds = (ns) => String(Number((ns / 1e9).toFixed(3)));
  const signed = (ns) => `${ns < 0 ? "−" : "+"}${seconds(Math.abs(ns))} s`;

  const chooser = (choose) => {
    const { scenarios, themes } = Playground.shelf;
    const of = (theme) => scenarios.filter((one) => one.theme === theme).map((one) => h("option", { value: one.path }, one.name));
    return h("select", { id: "scenario", onchange: (event) => choose(event.target.value === PAIR ? null : event.target.value) },
      h("option", { value: PAIR }, "Your own: two keepalived.conf files"),
      themes.map((theme) => h("optgroup", { label: theme }, of(theme))));
  };

  /** The controls. `on` hears `scenario(path)`, `seed(seed)`, `moved(which, by)`, `link()`, `again()`. */
  Playground.controls = (on) => {
    const scenario = chooser(on.scenario);
    const seed = h("input", { id: "seed", type: "number", min: "0", step: "1", onchange: () => on.seed(seed.value === "" ? null : Math.max(0, Math.trunc(Number(seed.value)))) });
    const which = h("select", { id: "which", onchange: () => on.moved(which.value === "all" ? null : Number(which.value), 0) });
    const slider = h("input", { id: "moment", type: "range", step: "10", "aria-label": "Moment of the fault", "aria-keyshortcuts": "ArrowLeft ArrowRight PageUp PageDown" });
    const exact = h("input", { id: "exact", type: "number", step: "0.01", min: "0", "aria-label": "Moment of the fault in seconds" });
    const by = h("output", { class: "by", for: "moment exact" });
    const back = h("button", { type: "button", id: "back", onclick: () => on.moved(shown.which, 0) }, "as written");
    const link = h("button", { type: "button", id: "link", onclick: () => on.link() }, "Copy link");
    const reset = h("button", { type: "button", id: "reset", onclick: () => on.again() }, "Undo all changes");
    const shown = { which: null, base: 0, end: 1, faults: [] };

    const move = (ms) => on.moved(shown.which, Math.round(Math.min(Math.max(ms, 0), shown.end / 1e6) * 1e6) - shown.base);
    slider.addEventListener("input", () => move(Number(slider.value)));
    exact.addEventListener("change", () => exact.value !== "" && move(Number(exact.value) * 1000));

    /** The choice of faults, made anew only when they are others. */
    const offer = (faults) => {
      if (JSON.stringify(faults) === JSON.stringify(shown.faults)) return;
      shown.faults = faults;
      const options = faults.map(([at, words], i) => h("option", { value: i }, `${seconds(at)} s  ${Report.cut(words, 60)}`));
      const all = faults.length > 1 ? [h("option", { value: "all" }, `all faults together (${faults.length})`)] : [];
      which.replaceChildren(...(faults.length ? [...all, ...options] : [h("option", { value: "all" }, "no fault in this scenario")]));
    };

    /** Shows a state, and the answer to it where there is one already. */
    const show = (state, answer) => {
      scenario.value = state.scenario === null ? PAIR : state.scenario;
      if (document.activeElement !== seed) seed.value = state.seed === null ? "" : String(state.seed);
      reset.disabled = !Playground.isChanged(state) && state.by === 0 && state.seed === null;
      if (answer) {
        if (answer.seed !== undefined) seed.placeholder = String(answer.seed);
        offer(answer.faults);
        shown.end = answer.end || shown.end;
      }
      const none = shown.faults.length === 0;
      shown.which = shown.faults.length > 1 ? state.which : none ? null : 0;
      shown.base = none ? 0 : shown.faults[Math.min(shown.which ?? 0, shown.faults.length - 1)][0];
      which.value = shown.which === null ? "all" : String(shown.which);
      const at = shown.base + state.by;
      slider.max = String(Math.round(shown.end / 1e6));
      slider.value = String(Math.round(at / 1e6));
      slider.setAttribute("aria-valuetext", `${seconds(at)} seconds`);
      exact.max = seconds(shown.end);
      if (document.activeElement !== exact) exact.value = seconds(at);
      by.textContent = state.by === 0 ? "as written" : `${signed(state.by)}, written at ${seconds(shown.base)} s`;
      for (const one of [which, slider, exact, back]) one.disabled = none;
      back.disabled = none || state.by === 0;
    };

    const label = (words, element, kind) => h("label", { class: kind || "field", for: element.id }, h("span", {}, words), element);
    const elements = [
      h("div", { class: "play-row" },
        label("Scenario", scenario, "field wide"), label("Seed", seed),
        h("div", { class: "buttons" }, link, reset)),
      h("div", { class: "play-row" }, label("What goes wrong", which, "field wide"),
        h("div", { class: "field moment" }, h("span", { "aria-hidden": "true" }, "when"), h("div", { class: "sliding" }, slider, exact, h("span", { "aria-hidden": "true" }, "s"))),
        h("div", { class: "buttons" }, by, back)),
    ];
    return { elements, show, link };
  };
}
