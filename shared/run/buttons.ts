import type { NoticeAction } from "../ports/people.ts";

/** What a message asks about. */
interface Question {
  readonly run: string;
  readonly step: string;
  readonly target?: string;
  readonly topic: string;
  readonly title: string;
  /** Of an approval: the preview that the message shows. */
  readonly preview?: string;
}

/** The answers that a message about a step offers as buttons: an approval, or a decision about what is held; none where nothing is asked. */
export function buttonsFor({ run, step, target, topic, title, preview }: Question): { readonly actions?: readonly NoticeAction[] } {
  const about = { run, about: topic, step, ...(target === undefined ? {} : { target }) };
  const skip: NoticeAction = { decision: "skip", label: "Skip", confirm: `Skip «${title}»? It is dropped, and what needs it is not done.`, ...about };
  const abort: NoticeAction = {
    decision: "abort",
    label: "Abort the window",
    confirm: "Abort the whole window and close up now? Nothing new begins, what runs is stopped, and what is open is put back.",
    style: "danger",
    run,
    about: topic,
  };
  if (preview !== undefined)
    return { actions: [{ decision: "approve", label: "Approve", confirm: `Let «${title}» do what this message shows?`, style: "primary", ...about, preview }, skip, abort] };
  if (topic.startsWith("held")) return { actions: [{ decision: "retry", label: "Retry", confirm: `Try «${title}» again?`, style: "primary", ...about }, skip, abort] };
  // Nothing can be approved that nobody can look at.
  if (topic.startsWith("unpreviewed")) return { actions: [skip, abort] };
  if (topic.startsWith("lift#"))
    return {
      actions: [
        {
          decision: "lift",
          label: "Lift all the same",
          confirm: `Do «${title}» in spite of what this message says? Visitors see the platform as it is then.`,
          style: "danger",
          ...about,
        },
      ],
    };
  return {};
}

/** What an alarm about something that is open offers: that somebody has it in hand. */
export function acknowledgeButton(run: string, alarm: string): NoticeAction {
  return { decision: "acknowledge", label: "I have it in hand", confirm: "Keep this quiet for some hours, since you see to what is open?", style: "primary", run, about: alarm };
}
