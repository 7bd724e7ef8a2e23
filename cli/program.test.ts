import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CommanderError } from "commander";
import { Fault, type FaultKind } from "../shared/fault/fault.ts";
import { clientOf } from "./client.ts";
import { GROUPS } from "./groups.ts";
import { wholeNumber } from "./numbers.ts";
import { exitCodeOf, runProgram } from "./program.ts";

const MAIN = new URL("main.ts", import.meta.url).pathname;

afterEach(() => vi.restoreAllMocks());

/** What is written meanwhile. */
function heard(): { out: string; err: string } {
  const told = { out: "", err: "" };
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => ((told.out += String(chunk)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => ((told.err += String(chunk)), true));
  return told;
}

describe("nightshift", () => {
  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])("knows no noun %s, whatever objects have", async (noun) => {
    const told = heard();

    expect(await runProgram(GROUPS, [noun])).toBe(2);
    expect(told.err).toContain(`unknown command '${noun}'`);
  });

  it("shows the verbs of a noun to who asks for help about it", async () => {
    const told = heard();

    expect(await runProgram(GROUPS, ["help", "evidence"])).toBe(0);
    expect(told.out).toContain("verify [options] <file>");
  });

  it.each([
    ["invalid", 2],
    ["absent", 2],
    ["conflict", 1],
    ["unavailable", 1],
  ] as const)("ends with the exit code of a fault: %s %i", (kind: FaultKind, code) => {
    const told = heard();

    expect(exitCodeOf(new Fault(kind, "what was expected"))).toBe(code);
    expect(told.err).toBe(`nightshift: ${kind}: what was expected\n`);
  });

  it("ends with 2 for a command line that is off", () => {
    expect(exitCodeOf(new CommanderError(1, "commander.unknownOption", ""))).toBe(2);
  });

  it("goes on to its end when nobody reads any more, without a word", async () => {
    const child = spawn(process.execPath, [MAIN, "plan", "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);

    expect([said, code]).toEqual(["", 0]);
  });

  it.runIf(process.platform === "linux")("says that its output could not be written", async () => {
    const full = createReadStream("/dev/full", { flags: "w" });
    const [fd] = (await once(full, "open")) as [number];
    const child = spawn(process.execPath, [MAIN, "plan", "reference"], { stdio: ["ignore", fd, "pipe"] });
    const [said, [code]] = await Promise.all([text(child.stderr ?? full), once(child, "exit")]);
    full.destroy();

    expect([said, code]).toEqual([expect.stringMatching(/^nightshift: unavailable: the output cannot be written: ENOSPC.*\n$/), 1]);
  });
});

describe("a whole number of an option", () => {
  it.each(["", " ", "x", "-1", "1.5", "1e3", "0x10", "９", "99999999999999999999"])("is not %j", (given) => {
    expect(() => wholeNumber(0)(given)).toThrow("Expected a whole number from 0.");
  });

  it("has its bounds", () => {
    expect(() => wholeNumber(1, 9)("0")).toThrow("Expected a whole number from 1 to 9.");
    expect(() => wholeNumber(1, 9)("10")).toThrow("Expected a whole number from 1 to 9.");
    expect([wholeNumber(1, 9)("1"), wholeNumber(1, 9)("09")]).toEqual([1, 9]);
  });
});

describe("a client", () => {
  /** Somebody else's server, which answers everything so. */
  async function stranger(answer: string, status = 200): Promise<{ origin: string; asked: string[] } & AsyncDisposable> {
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      asked.push(url);
      response.writeHead(status).end(answer);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      asked,
      [Symbol.asyncDispose]: async () => void (await new Promise((closed) => server.close(closed))),
    };
  }

  it.each(["", "<html>welcome</html>", "null", "{}", '"runs"', "{"])("says that it is no Nightshift that answers with %j", async (answer) => {
    await using server = await stranger(answer);

    await expect(clientOf(server.origin, {}).get("runs")).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/^runs of .* expected a list; is --server/) as string,
    });
    await expect(clientOf(server.origin, {}).get<{ run: string }>("runs/a", ["run"])).rejects.toMatchObject({
      message: expect.stringContaining("expected an object with run") as string,
    });
  });

  it("does not show what a stranger's refusal says, which may be anything", async () => {
    await using server = await stranger("<html>\u001b[31m</html>", 502);

    await expect(clientOf(server.origin, {}).get("runs")).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/^runs of \S+ answered with status 502, and not as/) as string,
    });
  });

  it.each(["", "..", "."])("asks for no run called %j, which would be another address", async (run) => {
    await using server = await stranger("[]");

    await expect(clientOf(server.origin, {}).get(`runs/${encodeURIComponent(run)}`)).rejects.toMatchObject({ kind: "invalid" });
    expect(server.asked).toEqual([]);
  });

  it.each(["nonsense", "", "ftp://x", "http://"])("refuses the address %j", (origin) => {
    expect(() => clientOf(origin, {})).toThrow(expect.objectContaining({ kind: "invalid", message: expect.stringContaining("--server") as string }));
  });

  it("says why nobody answers, and which option no header can carry", async () => {
    await expect(clientOf("http://127.0.0.1:1", {}).get("runs")).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/no Nightshift answers at http:\/\/127.0.0.1:1: .*(ECONNREFUSED|bad port)/) as string,
    });
    await expect(clientOf("http://127.0.0.1:1", { as: "\u6f22" }).get("runs")).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("--as") as string });
  });
});
