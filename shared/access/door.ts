import { Fault } from "../fault/fault.ts";
import type { Clock } from "../ports/clock.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { Journal } from "../run/journal.ts";
import { allowanceOf } from "./allowance.ts";
import { principalOf, type Principal } from "./principal.ts";
import { Refusal } from "./refusal.ts";
import { refusalsOf, type Refusals } from "./refusals.ts";
import { remembered } from "./remembered.ts";
import type { AccessSettings } from "./settings.ts";

/** What the platform says of itself in the environment; see `platformOf`. */
export interface Platform {
  /** Name of the app in Azure; absent anywhere else. */
  readonly site?: string;
  /** Whether App Service authentication is on. */
  readonly isAuthenticating: boolean;
}

export interface DoorParts {
  readonly settings: AccessSettings;
  /** The setting that says that sign-in is on. */
  readonly signIn: boolean;
  readonly platform: Platform;
  /** Who acts on a machine where nobody signs in. */
  readonly localOperator?: string;
  readonly secrets: Secrets;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** The one way in for everybody who is not a timer. */
export interface Door {
  readonly settings: AccessSettings;
  readonly refusals: Refusals;
  /** Whether people sign in by the platform: then they have no key of the Functions host, and it asks nobody for one. */
  readonly signsIn: boolean;
  /** @throws Refusal 401, 403 or 429. */
  enter(headers: { get(name: string): string | null }): Promise<Principal>;
  /** Counts one request of a caller who was recognised by other means than headers; undefined for a stranger. @throws Refusal 429. */
  count(caller: string | undefined): void;
}

/** @throws Fault `invalid` where a local operator is named on an app in Azure: there, nobody comes in without signing in. */
export function doorOf({ settings, signIn, platform, localOperator, secrets, journal, clock }: DoorParts): Door {
  if (localOperator !== undefined && platform.site !== undefined) {
    throw new Fault("invalid", `the local operator «${localOperator}» cannot work in Azure (this is the app ${platform.site}); start the app by functions/main.ts`);
  }
  // Anywhere else the header is whatever a caller wrote into it.
  const signsIn = signIn && platform.site !== undefined && platform.isAuthenticating;
  const recognition = {
    settings,
    secrets: remembered(secrets, clock),
    isSignInTrusted: signsIn,
    ...(localOperator === undefined ? {} : { localOperator }),
  };
  const allowance = allowanceOf(clock, settings.requestsPerMinute);
  const take = (caller: string | undefined): void => {
    // Strangers share one allowance, which is nobody else's.
    const waitMs = allowance.take(caller === undefined ? "stranger" : `known ${caller}`);
    if (waitMs > 0) throw new Refusal(429, `more than ${settings.requestsPerMinute} requests a minute`, waitMs);
  };
  return {
    settings,
    refusals: refusalsOf(journal, clock),
    signsIn,
    count: take,
    async enter(headers) {
      let principal: Principal;
      try {
        principal = await principalOf(headers, recognition);
      } catch (refused) {
        if (refused instanceof Refusal) take(undefined);
        throw refused;
      }
      if (principal.kind !== "local") take(principal.name);
      return principal;
    },
  };
}

/**
 * What the platform says of itself: it names the app in `WEBSITE_SITE_NAME` and says in `WEBSITE_AUTH_ENABLED` that it signs
 * people in. Callers have no hand in either.
 */
export function platformOf(env: Readonly<Record<string, string | undefined>>): Platform {
  const { WEBSITE_SITE_NAME: site, WEBSITE_AUTH_ENABLED: auth } = env;
  return { ...(site === undefined || site === "" ? {} : { site }), isAuthenticating: auth?.toLowerCase() === "true" };
}
