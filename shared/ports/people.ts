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
  /** Answers that can be given by a button. */
  readonly actions?: readonly NoticeAction[];
}

/** A button: which decision it makes about what. The same button of the same message makes the same decision, however often it is pressed. */
export interface NoticeAction {
  readonly decision: "approve" | "skip" | "retry" | "done" | "abort" | "acknowledge" | "lift";
  /** On the button, and what is asked before it counts. */
  readonly label: string;
  readonly confirm: string;
  readonly style?: "primary" | "danger";
  readonly run: string;
  /** Which asking it answers: what was answered once is not the answer to a later question. */
  readonly about: string;
  /** None for an abort and an acknowledgement, which are about the run. */
  readonly step?: string;
  readonly target?: string;
  /** Of an approval: digest of the preview that the message shows. */
  readonly preview?: string;
}

/** Where a message of ours stands. */
export interface MessagePlace {
  readonly channel: string;
  readonly ts: string;
  readonly thread?: string;
}

/** What people see of the answers that they gave by a button. */
export interface Replies {
  /** Shows in the message what was decided, instead of its buttons. @param text the message's own, as the vendor sent it back. */
  settle(place: MessagePlace, text: string, decided: string): Promise<void>;
  /** Says something to one person alone, beside the message. */
  whisper(place: MessagePlace, user: string, text: string): Promise<void>;
  /** Gives the answer to a command that took too long to be answered at once, to who gave it alone. @param to where the vendor said. */
  answer(to: string, text: string): Promise<void>;
}

export interface People {
  /** Posts into the window's thread of each channel unless that was done before under the same key. */
  tell(run: string, notice: Notice): Promise<void>;
}
