import type { FaultKind } from "../../shared/fault/fault.ts";

/** What the word of Slack's refusal means to us; a word that we do not know is `rejected`. */
export function kindOfRefusal(word: string): FaultKind {
  return KINDS[word] ?? "rejected";
}

const KINDS: Readonly<Record<string, FaultKind>> = {
  ...kinds("absent", "channel_not_found message_not_found thread_not_found user_not_found users_not_found"),
  ...kinds("denied", "not_in_channel missing_scope invalid_auth not_authed account_inactive token_revoked token_expired no_permission"),
  ...kinds("denied", "access_denied ekm_access_denied org_login_required team_access_not_granted restricted_action restricted_action_read_only_channel"),
  ...kinds("denied", "restricted_action_thread_only_channel restricted_action_non_threadable_channel"),
  ...kinds("throttled", "ratelimited rate_limited message_limit_exceeded"),
  ...kinds("unavailable", "internal_error fatal_error service_unavailable request_timeout team_added_to_org"),
  ...kinds("invalid", "invalid_blocks invalid_blocks_format msg_too_long no_text metadata_too_large metadata_must_be_sent_from_app"),
};

function kinds(kind: FaultKind, words: string): Record<string, FaultKind> {
  return Object.fromEntries(words.split(" ").map((word) => [word, kind]));
}

/** What to do about it, for the words that come up at night. */
export function adviceFor(word: string, data: object): string {
  switch (word) {
    case "not_in_channel":
      return ": invite the bot into the channel (/invite)";
    case "channel_not_found":
      return ": no such channel id, or a private channel that the bot was not invited to";
    case "is_archived":
      return ": the channel is archived; name another one in the inventory";
    case "missing_scope":
      return `: give the app the scope ${"needed" in data ? String(data.needed) : "that this method needs"}`;
    case "invalid_auth":
    case "token_revoked":
    case "account_inactive":
      return ": put a working bot token into the vault";
    default:
      return "";
  }
}
