// Puts the playground together: whatever is turned or typed becomes a question, and its answer is drawn as a report is.
{
  const { h } = Report;
  const TYPING = 250;

  const finding = (one, show) => {
    const place = one.line ? `${one.file}:${one.line}:${one.column}` : one.file;
    const words = one.line ? h("button", { type: "button", class: "finding-place", onclick: () => show(one) }, place) : h("strong", {}, place);
    return h("li", { class: `finding ${one.severity}` },
      h("span", { class: "severity" }, one.severity), " ",
      words, " ",
      h("span", {}, one.title), one.label && h("span", { class: "finding-label" }, ` (${one.label})`),
      one.help && h("span", { class: "finding-help" }, ` help: ${one.help}`));
  };

  /** What the picture comes to, in a line. */
  const said = (page) => [page.verdict.text, ...page.facts.slice(0, 2).map(([name, value]) => `${name}: ${value}`)].join("; ");

  /** Builds the controls in one element, and draws reports in the other. */
  Playground.open = (place, root) => {
    let [state, asked, editor, hash, drawn, notice] = [Playground.first(), 0, null, null, null, null];
    const status = h("p", { class: "play-status", role: "status" }, "The simulator is being unpacked …");
    const stop = h("button", { type: "button", id: "stop", hidden: true, onclick: () => engine.stop() }, "Stop this run");
    const findings = h("ul", { class: "findings", "aria-label": "Findings", hidden: true });
    const boxes = h("div", { class: "play-files" });
    const files = h("details", { id: "files" }, h("summary", {}, "Files"), boxes);

    const tell = (words, tone) => {
      status.textContent = words;
      status.className = `play-status tone-${tone || "plain"}`;
    };
    const inAddress = async () => {
      const mine = ++asked;
      const words = await Playground.written(state);
      if (mine !== asked) return;
      hash = `#${words}`;
      history.replaceState(null, "", hash);
    };
    const ask = () => {
      engine.ask(Playground.question(state));
      controls.show(state, null);
      inAddress();
    };

    const show = (found) => {
      files.open = true;
      editor.show(found);
    };
    let typing = 0;
    const edit = () => {
      editor = Playground.editor(state.files, (name, text) => {
        state.files[name] = text;
        clearTimeout(typing);
        typing = setTimeout(ask, TYPING);
      });
      boxes.replaceChildren(...editor.elements);
    };
    const begin = (next, why) => {
      clearTimeout(typing);
      notice = why ? { severity: "error", file: "address", line: 0, title: why } : null;
      const open = next.scenario === null || Playground.isChanged(next);
      if (next.scenario !== state.scenario || open) files.open = open;
      state = next;
      drawn = null;
      edit();
      ask();
    };

    const controls = Playground.controls({
      scenario: (path) => begin(Playground.fresh(path)),
      seed: (seed) => { state.seed = seed; ask(); },
      moved: (which, by) => { [state.which, state.by] = [which, by]; ask(); },
      again: () => begin(Playground.fresh(state.scenario)),
      link: async () => {
        await inAddress();
        try {
          await navigator.clipboard.writeText(location.href);
          controls.link.textContent = "Link copied";
        } catch {
          controls.link.textContent = "It is in the address bar";
        }
        setTimeout(() => { controls.link.textContent = "Copy link"; }, 2000);
      },
    });

    /** Draws a page where the last one was, with the same stretch of time. */
    const draw = (page, question) => {
      const before = Report.open && drawn === question.scenario ? { ...Report.open.view, end: Report.open.model.end } : null;
      const top = scrollY;
      Report.show(page, root);
      drawn = question.scenario;
      if (before && before.end === Report.open.model.end) {
        [Report.open.view.from, Report.open.view.to] = [before.from, before.to];
        Report.open.repaint();
      }
      scrollTo({ top, behavior: "instant" });
    };
    const answer = (found, took, question) => {
      const from = performance.now();
      const whole = found.error && { severity: "error", file: "", line: 0, title: found.error };
      const problems = [notice, whole, ...found.diagnostics].filter(Boolean);
      findings.replaceChildren(...problems.map((one) => finding(one, show)));
      findings.hidden = problems.length === 0;
      editor.mark(problems);
      controls.show(state, found);
      root.classList.toggle("stale", !found.page);
      if (found.page) draw(found.page, question);
      const errors = problems.filter((one) => one.severity === "error").length;
      if (found.page) tell(`${said(found.page)}. Played in ${Math.max(1, Math.round(took))} ms${errors ? ": keepalived would complain and go on" : ""}.`, errors ? "warn" : found.page.verdict.tone);
      else tell(`${errors === 1 ? "One error" : `${errors} errors`}: ${drawn === null && !root.firstChild ? "nothing can be played" : "the picture is of the texts before"}.`, "bad");
      Playground.last = { answer: found, took, drawn: performance.now() - from, question };
    };
    const engine = Playground.engine({
      answer,
      stopped: (why) => { root.classList.add("stale"); tell(`The simulator stopped: ${why}`, "bad"); },
      busy: (on) => { stop.hidden = !on; if (on) tell("Playing …"); },
    });
    Playground.engineStop = engine.stop;

    place.replaceChildren(h("section", { class: "play", "aria-label": "Playground" },
      h("div", { class: "play-row play-head" }, h("strong", {}, "vrrplab playground"),
        h("span", {}, "Move a fault, change a file: the run below is played again, in this page.")),
      controls.elements, h("div", { class: "play-row" }, status, stop), findings, files));

    const fromAddress = async () => {
      if (location.hash === hash) return;
      try {
        begin(await Playground.read(location.hash));
      } catch (error) {
        begin(Playground.first(), error.message);
      }
    };
    addEventListener("hashchange", fromAddress);
    return fromAddress();
  };
}
