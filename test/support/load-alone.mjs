// Loads a built package as a Functions worker does, by plain Node and with nothing around it: node load-alone.mjs FOLDER. Prints what
// it registers, and where its telemetry comes from. Stands in for the worker's own module, and for nothing else.
import { readFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder = ""] = process.argv.slice(2);
const names = [];
const load = Module._load;
Module._load = function (request, ...rest) {
  if (request !== "@azure/functions-core") return load.call(this, request, ...rest);
  const disposable = { dispose: () => undefined };
  return {
    version: "4.0.0",
    hostVersion: "4.1000.0",
    registerFunction: ({ name }) => (names.push(name), disposable),
    setProgrammingModel: () => undefined,
    getProgrammingModel: () => ({ name: "@azure/functions", version: "4" }),
    registerHook: () => disposable,
    log: () => undefined,
  };
};

const { main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
await import(pathToFileURL(join(folder, main)).href);
const telemetry = createRequire(join(folder, main)).resolve("applicationinsights");
const { setup, TelemetryClient } = await import(pathToFileURL(telemetry).href).then((loaded) => loaded.default ?? loaded);
process.stdout.write(`${JSON.stringify({ names, telemetry, usable: [typeof setup, typeof TelemetryClient] })}\n`);
process.exit(0);
