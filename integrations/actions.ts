import { registryOf } from "../shared/action/registry.ts";
import { hostRun } from "./azure-compute/actions.ts";
import { hostDecommission } from "./azure-compute/decommission.ts";
import { pipelineRun } from "./azure-devops/actions.ts";
import { poolDrain, poolRestore } from "./azure-network/actions.ts";
import { clusterCheck, resourceMove } from "./azure-resources/actions.ts";
import { resourceDelete } from "./azure-resources/resource-delete.ts";
import { scriptRun } from "./azure-scripts/actions.ts";
import { dnsProxy, dnsSwap } from "./cloudflare/actions.ts";
import { cachePurge } from "./cloudflare/cache-purge.ts";
import { pagePublish } from "./confluence/actions.ts";
import { jiraComment, jiraLink, jiraTransition } from "./jira/actions.ts";
import { certificateSync } from "./key-vault/actions.ts";
import { secretCopy } from "./key-vault/secret-copy.ts";
import { firewallAllow } from "./pan-os/actions.ts";
import { firewallReader } from "./pan-os/reader.ts";
import { personDo } from "./people/actions.ts";
import { monitorMute, monitorUnmute } from "./pingdom/actions.ts";
import { slackNotify } from "./slack/actions.ts";
import { workspaceRename } from "./terraform/actions.ts";
import { webCheck } from "./web/actions.ts";
import { patchGroup } from "./wsus/actions.ts";
import { patchInstall } from "./wsus/patch-install.ts";

/** Every action that is built. Loads no vendor's SDK, so that a plan is checked in a moment. */
export const registry = registryOf([
  cachePurge,
  certificateSync,
  clusterCheck,
  dnsProxy,
  dnsSwap,
  firewallAllow,
  firewallReader,
  hostDecommission,
  hostRun,
  jiraComment,
  jiraLink,
  jiraTransition,
  monitorMute,
  monitorUnmute,
  pagePublish,
  patchGroup,
  patchInstall,
  personDo,
  pipelineRun,
  poolDrain,
  poolRestore,
  resourceDelete,
  resourceMove,
  scriptRun,
  secretCopy,
  slackNotify,
  webCheck,
  workspaceRename,
]);
