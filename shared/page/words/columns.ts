/** What the head of a table's column says that its cells hold. */
export function isTimeColumn(column: string | undefined): boolean {
  return /^(?:start(?:s| time)?|time|when|at|begin|scheduled)\b/i.test(column ?? "");
}

export function isOwnerColumn(column: string | undefined): boolean {
  return /^(?:owners?|who|assignees?|assigned|responsible|engineers?|lead|person|dri|on ?call)\b/i.test(column ?? "");
}
