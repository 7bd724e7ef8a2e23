/** Who may what, weakest first: each role may all that those before it may. */
export const ROLES = ["viewer", "operator", "approver", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Every kind of deed at the door, and the weakest role that may do it. The whole table; nothing else decides. */
export const DEEDS = {
  /** Look at plans, runs, reports, and at what is open. */
  look: "viewer",
  /** Have a plan compiled; nothing is stored. */
  check: "viewer",
  /** Have the vendors asked what a plan would do. */
  preview: "operator",
  store: "operator",
  start: "operator",
  /** Done, skip, retry, pause, resume, acknowledge, lift. */
  steer: "operator",
  /** Whoever is awake may stop a window. */
  abort: "operator",
  /** A plan, or a step; see separation.ts for whose. */
  approve: "approver",
  /** Start a window whose plan nobody has approved. */
  override: "admin",
  /** Read who was refused what. */
  audit: "admin",
} as const satisfies Record<string, Role>;
export type Deed = keyof typeof DEEDS;

export function mayI(role: Role, deed: Deed): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(DEEDS[deed]);
}
