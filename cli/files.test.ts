import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { fileInFolderToWrite, fileToWrite, folderToWrite, readJson, readText, writeFile } from "./files.ts";

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nightshift-files-"))));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array = ""): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** What is thrown, in words. */
function complaint(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (thrown) {
    return (thrown as Error).message.replaceAll(folder, "");
  }
}

describe("a file that is read", () => {
  it.each([
    ["UTF-16", Buffer.from("\uFEFFplan: 1", "utf16le"), "/f cannot be read: it is written in UTF-16; expected UTF-8: save it as UTF-8"],
    ["Latin-1", Buffer.from("plan: 1\ntitle: caf\u00e9\n", "latin1"), "/f:2 cannot be read: a letter here is not in UTF-8; expected UTF-8: save the file as UTF-8"],
    ["cut off within a letter", Buffer.from("a\n\nb\u00e9").subarray(0, -1), "/f:3 cannot be read: a letter here is not in UTF-8; expected UTF-8: save the file as UTF-8"],
    ["binary", Buffer.from("a\nb\u0000c"), "/f:2 cannot be read: a byte 0 stands here, so this is no text; is it the right file?"],
  ])("is refused at its line when it is %s", (_, bytes, expected) => {
    expect(complaint(() => readText(file("f", bytes)))).toBe(expected);
  });

  it("may hold what only looks like a broken letter", () => {
    expect(readText(file("f", "a\uFFFDb"))).toBe("a\uFFFDb");
  });

  it("is missed by its name, and a folder is none", () => {
    expect([complaint(() => readText(join(folder, "none"))), complaint(() => readText(folder)), complaint(() => readText(""))]).toEqual([
      "/none cannot be read: there is no such file",
      " cannot be read: it is a folder; expected a file",
      "«» cannot be read: there is no such file",
    ]);
  });

  it.each([
    ["", "/f is not a word: it is not JSON: it is empty"],
    ["{", "/f is not a word: it is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)"],
    ["\u001b[31m", "/f is not a word: it is not JSON: Unexpected token ' ', \" [31m\" is not valid JSON"],
    ["null", "/f is not a word: Invalid input: expected object, received null"],
    ['{"word": 1}', "/f is not a word: word: Invalid input: expected string, received number"],
  ])("is no JSON of its kind: %j", (text, expected) => {
    expect(complaint(() => readJson(file("f", text), z.object({ word: z.string() }), "a word"))).toBe(expected);
  });
});

describe("a file that is written", () => {
  it("is written through a link, and leaves nothing beside it", () => {
    file("target", "before");
    symlinkSync("target", join(folder, "link"));

    writeFile(join(folder, "link"), "after");

    expect([readFileSync(join(folder, "target"), "utf8"), lstatSync(join(folder, "link")).isSymbolicLink(), readdirSync(folder)]).toEqual(["after", true, ["link", "target"]]);
  });

  it("is not put in the place of a device", () => {
    writeFile("/dev/null", "gone");

    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("is refused in words where there is no folder", () => {
    expect(complaint(() => writeFile(join(folder, "none", "f"), ""))).toBe("/none/f cannot be written: there is no such folder");
  });
});

describe("an option that names what will be written", () => {
  it("is refused before the work when it cannot be", () => {
    const there = file("f");

    expect([
      complaint(() => fileToWrite(folder)),
      complaint(() => fileToWrite(join(folder, "none", "f"))),
      complaint(() => fileToWrite(join(there, "g"))),
      complaint(() => folderToWrite(there)),
      complaint(() => folderToWrite(join(there, "deeper"))),
      complaint(() => fileInFolderToWrite(folder)),
      complaint(() => fileInFolderToWrite(join(there, "deeper", "g"))),
    ]).toEqual([
      "It is a folder; expected a file.",
      "There is no folder /none.",
      "/f is a file, not a folder.",
      "It is a file; expected a folder.",
      "/f is a file, not a folder.",
      "It is a folder; expected a file.",
      "/f is a file, not a folder.",
    ]);
  });

  it("is taken when it can be", () => {
    mkdirSync(join(folder, "there"));

    expect([fileToWrite(join(folder, "new")), fileToWrite(file("f")), folderToWrite(join(folder, "a", "b")), fileInFolderToWrite(join(folder, "a", "b"))]).toHaveLength(4);
  });
});
