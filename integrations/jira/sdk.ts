import {
  addComment,
  createOrUpdateRemoteIssueLink,
  deleteRemoteIssueLinkByGlobalId,
  doTransition,
  getComment,
  getComments,
  getIssue,
  getMyPermissions,
  getRemoteIssueLinks,
  getTransitions,
} from "jira.js/cloud";

/**
 * What we call of jira.js, which has a function for every path of Jira. Named one by one, a bundler leaves out the other thousand
 * files, whose schemas take longer to build than a night's calls take.
 */
export const jiraSdk = {
  addComment,
  createOrUpdateRemoteIssueLink,
  deleteRemoteIssueLinkByGlobalId,
  doTransition,
  getComment,
  getComments,
  getIssue,
  getMyPermissions,
  getRemoteIssueLinks,
  getTransitions,
};
