/** Where the durable client's addresses point. */
export interface DurableAddress {
  /** `http://host:port`, without a slash at its end. */
  readonly origin: string;
  readonly hub: string;
  /** The `code` of every URL; any text where no keys are asked for. */
  readonly code: string;
}

/** Path of the public webhooks, and of the loopback calls that the SDK makes (4.1). */
export const WEBHOOK_PATH = "/runtime/webhooks/durabletask";
export const RPC_PATH = "/durabletask";

/** The eight URLs that manage one instance (4.1), for `instanceId` or its placeholder. */
export function managementUrls({ origin, hub, code }: DurableAddress, instanceId: string): Record<string, string> {
  const instance = `${origin}${WEBHOOK_PATH}/instances/${instanceId}`;
  const query = `taskHub=${encodeURIComponent(hub)}&connection=Storage&code=${encodeURIComponent(code)}`;
  return {
    id: instanceId,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

/** What the `durableClient` binding hands to a function: the JSON text of 4.1. */
export function durableBinding(address: DurableAddress): string {
  const base = `${address.origin}${WEBHOOK_PATH}`;
  const code = `code=${encodeURIComponent(address.code)}`;
  const start = `${base}/orchestrators/{functionName}[/{instanceId}]`;
  return JSON.stringify({
    taskHubName: address.hub,
    creationUrls: {
      createNewInstancePostUri: `${start}?${code}`,
      createAndWaitOnNewInstancePostUri: `${start}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${code}`,
    },
    managementUrls: managementUrls(address, "INSTANCEID"),
    baseUrl: base,
    requiredQueryStringParameters: code,
    rpcBaseUrl: `${address.origin}${RPC_PATH}/`,
  });
}
