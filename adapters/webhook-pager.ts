import { Fault } from "../shared/fault/fault.ts";
import { deadlineAfter } from "../shared/ports/deadline.ts";
import type { Secrets } from "../shared/ports/secrets.ts";
import type { Fetch } from "../shared/ports/transport.ts";
import type { Pager } from "../shared/run/watch.ts";

const DEADLINE_MS = 20_000;

/** Pages by a webhook: the page as JSON. The address is a secret, since whoever knows it can page. */
export function webhookPager({ urlSecret, fetch, secrets }: { readonly urlSecret: string; readonly fetch: Fetch; readonly secrets: Secrets }): Pager {
  return {
    async page(page) {
      const url = (await secrets.read(urlSecret)).reveal();
      let answer: Response;
      try {
        answer = await fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": page.dedupKey },
          body: JSON.stringify(page),
          redirect: "error",
          signal: deadlineAfter(DEADLINE_MS),
        });
      } catch {
        // What went wrong may name the address.
        throw new Fault("unavailable", `the webhook ${urlSecret} does not answer`, { vendor: "pager" });
      }
      if (!answer.ok)
        throw new Fault(answer.status >= 500 || answer.status === 429 ? "unavailable" : "rejected", `the webhook ${urlSecret} answered ${answer.status}`, { vendor: "pager" });
    },
  };
}
