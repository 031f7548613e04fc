// The simulator as the page sees it: one question at a time, and of those that wait only the newest.
const Playground = {};
{
  const text = (id) => document.getElementById(id).textContent;

  const bytesOf = (base64) => {
    const letters = atob(base64);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    return bytes;
  };

  /** Bytes through a stream that packs or unpacks them. */
  Playground.through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
  Playground.bytesOf = bytesOf;

  const unpacked = () => Playground.through(bytesOf(text("simulator").trim()), new DecompressionStream("gzip"));

  /** Starts the simulator. `on` hears `answer(answer, took, question)`, `stopped(why)` and `busy(whether)`. */
  Playground.engine = (on) => {
    let [worker, ready, running, waiting, slow, number] = [null, false, null, null, 0, 0];

    const next = () => {
      if (!ready || running || !waiting) return;
      running = { id: ++number, question: waiting };
      waiting = null;
      slow = setTimeout(() => on.busy(true), 400);
      worker.postMessage({ id: running.id, question: JSON.stringify(running.question) });
    };
    const heard = ({ data }) => {
      if (data.ready) ready = true;
      else if (running && data.id === running.id) {
        const { question } = running;
        running = null;
        clearTimeout(slow);
        on.busy(false);
        if (data.stopped === undefined) on.answer(JSON.parse(data.answer), data.took, question);
        else on.stopped(data.stopped);
      }
      next();
    };
    const start = async () => {
      const url = URL.createObjectURL(new Blob([text("worker")], { type: "text/javascript" }));
      const own = worker = new Worker(url);
      worker.onmessage = heard;
      worker.onerror = (event) => on.stopped(event.message || "the simulator cannot be started in this browser");
      const simulator = await unpacked();
      if (worker === own) worker.postMessage({ simulator }, [simulator.buffer]);
    };
    const failed = (error) => on.stopped(`this browser cannot run the simulator: ${error.message}`);

    start().catch(failed);
    return {
      ask: (question) => {
        waiting = question;
        next();
      },
      /** Ends a run that takes too long. */
      stop: () => {
        worker.terminate();
        clearTimeout(slow);
        [ready, running, waiting] = [false, null, null];
        on.busy(false);
        on.stopped("stopped: nothing was played to its end");
        start().catch(failed);
      },
    };
  };
}
