/** A message to people about one thing, sent exactly once per key and channel. */
export interface Notice {
  /** Derived; look-before-post goes by it. */
  readonly key: string;
  /** Slack channel ids. */
  readonly channels: readonly string[];
  /** Slack user ids to mention. */
  readonly mention: readonly string[];
  readonly text: string;
  /** What the reader may answer, with the one command that does it. */
  readonly lines: readonly string[];
}

export interface People {
  /** Posts into the window's thread of each channel unless that was done before under the same key. */
  tell(run: string, notice: Notice): Promise<void>;
}
