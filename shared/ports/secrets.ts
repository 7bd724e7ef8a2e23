import { inspect } from "node:util";

/**
 * A secret's value, which prints as `«secret:NAME»` wherever it is logged, inspected or put into JSON.
 * `reveal` is called by a connector at the moment it needs the value, and its answer is kept nowhere.
 */
export class Secret {
  readonly name: string;
  readonly #value: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `«secret:${this.name}»`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

export interface Secrets {
  /**
   * @param name the secret's name in the vault, e.g. `slack-bot-token`.
   * @throws Fault `absent` when there is no such secret, `denied` or `unavailable` when it could not be asked for.
   */
  read(name: string): Promise<Secret>;
}
