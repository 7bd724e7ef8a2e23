import { expect, it, vi } from "vitest";
import { said } from "../test/support/command-line.ts";
import { print } from "./lines.ts";

it("sends nothing to a terminal that steers it, whatever people wrote for the record", async () => {
  const { out } = await said((program) => void program.command("x").action(() => print("a\u001b[2Jb\u009b31mc\u202ed\r\ne \u05d0\u6f22")), ["x"]);
  vi.restoreAllMocks();

  expect(out).toBe("a [2Jb 31mc d e \u05d0\u6f22\n");
});
