// Holds the simulator as WebAssembly against the native one: node same.mjs MODULE QUESTIONS ANSWERS
// Both files have a line for each scenario: its path, a blank, JSON. Whatever differs by a byte is a failure.
import { readFileSync } from "node:fs";

const [, , module, questions, answers] = process.argv;
const simulator = (await WebAssembly.instantiate(readFileSync(module), {})).instance.exports;

const read = (length) => Buffer.from(simulator.memory.buffer, simulator.vrrplab_read(), length).toString();
const ask = (text) => {
  const question = Buffer.from(text);
  const room = simulator.vrrplab_room(question.length);
  new Uint8Array(simulator.memory.buffer, room, question.length).set(question);
  try {
    return read(simulator.vrrplab_answer());
  } catch (trap) {
    throw new Error(`${trap}: ${read(simulator.vrrplab_length())}`);
  }
};
const lines = (file) => readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]);

const native = new Map(lines(answers));
let [same, bytes] = [0, 0];
for (const [path, question] of lines(questions)) {
  const answer = ask(question);
  const expected = native.get(path);
  if (answer !== expected) {
    let at = 0;
    while (at < answer.length && answer[at] === expected?.[at]) at += 1;
    console.log(`FAIL ${path}: differs at byte ${at}: …${answer.slice(at - 60, at + 60)}… where the native simulator says …${expected?.slice(at - 60, at + 60)}…`);
    continue;
  }
  same += 1;
  bytes += answer.length;
}
console.log(`${same} of ${native.size} scenarios have the same answer, byte for byte (${(bytes / 1e6).toFixed(1)} MB)`);
process.exit(same === native.size && same > 0 ? 0 : 1);
