// Beside the page, so that a long run does not hold it up: takes the simulator, then questions, and gives answers.
let module = null;
let simulator = null;

const begin = async () => {
  simulator = (await WebAssembly.instantiate(module, {})).exports;
};

const read = (length) => new TextDecoder().decode(new Uint8Array(simulator.memory.buffer, simulator.vrrplab_read(), length));

const ask = (text) => {
  const question = new TextEncoder().encode(text);
  const room = simulator.vrrplab_room(question.length);
  new Uint8Array(simulator.memory.buffer, room, question.length).set(question);
  return read(simulator.vrrplab_answer());
};

onmessage = async ({ data }) => {
  if (data.simulator) {
    module = await WebAssembly.compile(data.simulator);
    await begin();
    postMessage({ ready: true });
    return;
  }
  const before = performance.now();
  try {
    postMessage({ id: data.id, answer: ask(data.question), took: performance.now() - before });
  } catch (trap) {
    const why = read(simulator.vrrplab_length()) || String(trap);
    await begin(); // what a trap leaves behind is not to be trusted
    postMessage({ id: data.id, stopped: why });
  }
};
