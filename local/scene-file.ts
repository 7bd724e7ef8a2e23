import { resolve } from "node:path";
import { jsonOf, readText } from "../cli/files.ts";
import { sceneOf, type Scene } from "./scene.ts";

/** The vendors' worlds that a file has, and its text, by which other threads make them anew. @throws Fault `invalid` that names the file. */
export function sceneIn(file: string): { readonly text: string; readonly scene: () => Scene } {
  const text = readText(resolve(file)).replace(/^\uFEFF/, "");
  const scene = (): Scene => sceneOf(jsonOf(text, file, "a scene of the vendors"), file);
  scene();
  return { text, scene };
}
