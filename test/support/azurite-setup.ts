import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { startAzurite, type Azurite } from "../../local/azurite.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the connection string of the whole run's Azurite is asked for. */
    azuriteDoor: string;
  }
}

/**
 * One Azurite for a whole run of vitest, started when the first test asks for it: starting takes a second or two, and most
 * test files need none. Its tables are in memory; every test file has names of its own (see azurite.ts beside this).
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let azurite: Promise<Azurite> | undefined;
  const door = createServer((_request, response) => {
    azurite ??= startAzurite({ port: 0 });
    azurite.then(
      ({ connectionString }) => response.end(connectionString),
      (thrown: unknown) => response.writeHead(500).end(String(thrown)),
    );
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  project.provide("azuriteDoor", `http://127.0.0.1:${(door.address() as AddressInfo).port}`);

  return async () => {
    door.close();
    door.closeAllConnections();
    await (await azurite)?.close();
  };
}
