import { readFile } from "node:fs/promises";

/**
 * Scripts that are a part of the app, in the folder `scripts` beside a module. They do not change while it runs, so reading each once is
 * enough; what could not be read is read again by the next call.
 *
 * @param module the module's `import.meta.url`.
 */
export function ownScripts(module: string): (file: string) => Promise<string> {
  const texts = new Map<string, Promise<string>>();
  return (file) => {
    const known = texts.get(file);
    if (known !== undefined) return known;
    const text = readFile(new URL(`./scripts/${file}`, module), "utf8");
    texts.set(file, text);
    text.catch(() => texts.delete(file));
    return text;
  };
}
