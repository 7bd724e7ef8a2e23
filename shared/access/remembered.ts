import type { Clock } from "../ports/clock.ts";
import type { Secrets } from "../ports/secrets.ts";

/** How long a value is kept in memory, milliseconds: whoever knocks often does not make us ask the vault as often. */
const KEPT_MS = 60_000;

/** Secrets that are asked for at the door: each is read from the vault once a minute at the most, and a failed reading is not kept. */
export function remembered(secrets: Secrets, clock: Clock): Secrets {
  const kept = new Map<string, { secret: ReturnType<Secrets["read"]>; at: number }>();
  return {
    read(name) {
      const known = kept.get(name);
      if (known !== undefined && clock.now() - known.at < KEPT_MS) return known.secret;
      const secret = secrets.read(name);
      kept.set(name, { secret, at: clock.now() });
      secret.catch(() => kept.delete(name));
      return secret;
    },
  };
}
