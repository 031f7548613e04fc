// What is played, and the same in the address of the page: what is not in it is as on the shelf.
{
  const { bytesOf, through } = Playground;

  /** The shelf: scenarios, and all their texts. */
  Playground.shelf = JSON.parse(document.getElementById("shelf").textContent);
  const shelf = Playground.shelf;
  const FIRST = "scenarios/split-brain.yaml";

  /** What two configurations are called here. */
  Playground.PAIR = ["lb1.conf", "lb2.conf"];

  const entryOf = (path) => shelf.scenarios.find((one) => one.path === path);

  /** The texts of a scenario as they are on the shelf; of a pair, where no scenario is named. */
  const textsOf = (path) => {
    const names = path === null ? Playground.PAIR : entryOf(path).files;
    return Object.fromEntries(names.map((name) => [name, path === null ? shelf.pair[name] : shelf.files[name]]));
  };

  /** As it is when a scenario is chosen; `null` is a pair of configurations. */
  Playground.fresh = (path) => ({ scenario: path, files: textsOf(path), seed: null, which: null, by: 0 });
  Playground.first = () => Playground.fresh(entryOf(FIRST) ? FIRST : shelf.scenarios[0].path);

  /** The texts that are not as on the shelf. */
  const changed = (state) => {
    const texts = textsOf(state.scenario);
    return Object.fromEntries(Object.entries(state.files).filter(([name, text]) => texts[name] !== text));
  };
  Playground.isChanged = (state) => Object.keys(changed(state)).length > 0;

  const packed = async (value) => {
    const bytes = await through(new TextEncoder().encode(JSON.stringify(value)), new CompressionStream("deflate-raw"));
    let letters = "";
    for (const byte of bytes) letters += String.fromCharCode(byte);
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const unpacked = async (letters) => {
    const bytes = bytesOf(letters.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw"))));
  };

  /** The state as the part of an address behind its `#`. */
  Playground.written = async (state) => {
    const words = new URLSearchParams();
    if (state.scenario === null) words.set("pair", "");
    else words.set("scenario", state.scenario);
    if (state.seed !== null) words.set("seed", String(state.seed));
    if (state.by !== 0) {
      if (state.which !== null) words.set("fault", String(state.which));
      words.set("by", `${state.by / 1e6}ms`);
    }
    const texts = changed(state);
    if (Object.keys(texts).length) words.set("files", await packed(texts));
    return words.toString().replaceAll("%2F", "/");
  };

  /** A whole number that is not negative, or none. */
  const whole = (text) => (/^\d{1,15}$/.test(text || "") ? Number(text) : null);

  /** The state of an address; the error is for its reader. */
  Playground.read = async (hash) => {
    const words = new URLSearchParams(hash.replace(/^#/, ""));
    const pair = words.has("pair");
    if (!pair && !words.has("scenario")) return Playground.first();
    const path = pair ? null : words.get("scenario");
    if (!pair && !entryOf(path)) throw new Error(`there is no scenario ${path} here`);
    const state = Playground.fresh(path);
    state.seed = whole(words.get("seed"));
    state.which = whole(words.get("fault"));
    const by = Number.parseFloat(words.get("by") || "0");
    state.by = Number.isFinite(by) ? Math.round(by * 1e6) : 0;
    if (words.has("files")) {
      const texts = await unpacked(words.get("files")).catch(() => {
        throw new Error("the texts in the address of this page are damaged; is it complete?");
      });
      for (const name of Object.keys(state.files)) if (typeof texts[name] === "string") state.files[name] = texts[name];
    }
    return state;
  };

  /** What the simulator is asked. */
  Playground.question = (state) => {
    const question = { files: state.files };
    if (state.scenario === null) question.confs = Playground.PAIR;
    else question.scenario = state.scenario;
    if (state.seed !== null) question.seed = state.seed;
    if (state.by !== 0) question.moved = { which: state.which, by: state.by };
    else if (state.scenario !== null && !Playground.isChanged(state)) question.repeat = `vrrplab run ${state.scenario}${state.seed === null ? "" : ` --seed ${state.seed}`}`;
    return question;
  };
}
