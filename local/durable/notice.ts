/** Something that Azure would do in silence and that this host says aloud (section 9). */
export interface Notice {
  /** Short name of the rule, e.g. `lost-event`. */
  readonly rule: string;
  readonly instanceId: string;
  readonly text: string;
}
