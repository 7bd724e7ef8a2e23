// A function app as a process of its own, loaded as the worker loads it and nothing more: `node cold-child.mjs ENTRY`.
// Answers for `@azure/functions-core`, imports the entry, runs the first turn of an orchestrator if there is one and a timer
// that is called `hello`, and prints what that took in MiB. Plain JavaScript, so that the measure is not itself measured.
import Module from "node:module";
import { pathToFileURL } from "node:url";

const functions = new Map();
let model;
const core = {
  version: "3.12.0",
  hostVersion: "4.1045.200",
  registerFunction: (metadata, callback) => (functions.set(metadata.name, { metadata, callback }), { dispose() {} }),
  registerHook: () => ({ dispose() {} }),
  setProgrammingModel: (given) => void (model = given),
  getProgrammingModel: () => model,
  log() {},
  Disposable: class {
    dispose() {}
  },
};
const load = Module._load;
Module._load = function (request, ...rest) {
  return request === "@azure/functions-core" ? core : load.call(this, request, ...rest);
};

await import(pathToFileURL(process.argv[2]).href);

async function invoke({ metadata, callback }, data) {
  const [trigger] = Object.entries(metadata.bindings).find(([, { type }]) => /trigger$/i.test(type));
  const request = { invocationId: "1", functionId: metadata.name, inputData: [{ name: trigger, data }], triggerMetadata: {}, traceContext: {}, retryContext: undefined };
  const invocation = model.getInvocationModel({ invocationId: "1", metadata, state: undefined, request, log() {} });
  const { context, inputs } = await invocation.getArguments();
  return invocation.getResponse(context, await invocation.invokeFunction(context, inputs, callback));
}

const hello = functions.get("hello");
if (hello !== undefined) await invoke(hello, { json: '{"IsPastDue":false}' });
const window = functions.get("window");
if (window !== undefined) {
  const event = (EventType, more) => ({ EventType, EventId: -1, IsPlayed: false, Timestamp: "2024-12-08T00:50:00.000Z", ...more });
  const history = [event(12), event(0, { Name: "window", Input: '{"run":"r","digest":"d"}' })];
  const answer = await invoke(window, { string: JSON.stringify({ history, input: { run: "r", digest: "d" }, instanceId: "r", isReplaying: false, parentInstanceId: null, upperSchemaVersion: 1, upperSchemaVersionNew: 2, longRunningTimerIntervalDuration: "3.00:00:00", maximumShortTimerDuration: "6.00:00:00" }) });
  if (!JSON.stringify(answer.returnValue).includes("muster")) throw new Error("the first turn of the window did not call muster");
}
process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
