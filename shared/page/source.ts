import { pageOfStorage } from "./storage.ts";
import type { Block, Page } from "./tree.ts";

/** A page as Confluence has it: what an export does not say of itself. */
export interface SourcePage {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly url: string;
  /** Storage format. */
  readonly body: string;
  /** Names of people by account id; who is missing keeps the id, and becomes a question. */
  readonly names: ReadonlyMap<string, string>;
}

/** Reads a page that was fetched: its own title, address and version, and mentions under people's names. */
export function pageOfSource({ id, title, version, url, body, names }: SourcePage): Page {
  const page = pageOfStorage(body);
  return { ...page, id, title, version, url, blocks: names.size === 0 ? page.blocks : page.blocks.map((block) => withNames(block, names)) };
}

function withNames(block: Block, names: ReadonlyMap<string, string>): Block {
  if (!block.fragments.some(({ kind }) => kind === "mention")) return block;
  return {
    ...block,
    fragments: block.fragments.map((fragment) => {
      const name = fragment.kind === "mention" ? names.get(fragment.target ?? "") : undefined;
      return name === undefined ? fragment : { ...fragment, text: `@${name}` };
    }),
  };
}
