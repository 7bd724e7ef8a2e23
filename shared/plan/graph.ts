/** A step as the graph sees it. */
export interface GraphStep {
  readonly id: string;
  readonly phase: string;
  readonly needs: readonly { readonly step: string }[];
}

export interface GraphPhase {
  readonly id: string;
  readonly barrier: boolean;
}

export interface Ordered {
  /** Every step after what it needs and after the phases that its own waits for; else in the order written. */
  readonly order: readonly string[];
  /** Each circle once: `a`, what `a` waits for, what that waits for … and `a` again. A phase in it reads `phase NAME`. */
  readonly cycles: readonly (readonly string[])[];
  /** How many edges were looked at: the work is linear, and a test counts it. */
  readonly edges: number;
}

/**
 * Orders steps depth first, in linear time. A phase with a barrier is one node between the phases above and its steps,
 * so that a barrier costs an edge per step and not one per pair.
 */
export function ordered(steps: readonly GraphStep[], phases: readonly GraphPhase[]): Ordered {
  const waits = waitsOf(steps, phases);
  const state = new Map<string, "under way" | "done">();
  const order: string[] = [];
  const cycles: string[][] = [];
  let edges = 0;

  for (const { id } of steps) {
    if (state.has(id)) continue;
    // An own stack: a plan may be one long chain.
    const path: { node: string; next: number }[] = [{ node: id, next: 0 }];
    state.set(id, "under way");
    while (path.length > 0) {
      const top = path.at(-1) as { node: string; next: number };
      const other = waits.get(top.node)?.[top.next++];
      if (other === undefined) {
        state.set(top.node, "done");
        if (!isGate(top.node)) order.push(top.node);
        path.pop();
        continue;
      }
      edges++;
      const known = state.get(other);
      if (known === "under way") {
        const from = path.findIndex(({ node }) => node === other);
        cycles.push([...path.slice(from).map(({ node }) => node), other].map(readable));
      } else if (known === undefined) {
        state.set(other, "under way");
        path.push({ node: other, next: 0 });
      }
    }
  }
  return { order, cycles, edges };
}

/** What each node waits for. Gates stand for phases: `all of it has ended`, and `it may begin`. */
function waitsOf(steps: readonly GraphStep[], phases: readonly GraphPhase[]): ReadonlyMap<string, readonly string[]> {
  const known = new Set(steps.map(({ id }) => id));
  const waits = new Map<string, string[]>();
  phases.forEach(({ id }, index) => {
    const above = phases[index - 1];
    waits.set(gate("begin", id), above === undefined ? [] : [gate("end", above.id)]);
    // The end of a phase is also that of all above it: a barrier waits for every phase before its own.
    waits.set(gate("end", id), above === undefined ? [] : [gate("end", above.id)]);
  });
  const barriers = new Set(phases.filter(({ barrier }) => barrier).map(({ id }) => id));
  for (const { id, phase, needs } of steps) {
    waits.set(id, [...(barriers.has(phase) ? [gate("begin", phase)] : []), ...needs.map(({ step }) => step).filter((step) => known.has(step))]);
    waits.get(gate("end", phase))?.push(id);
  }
  return waits;
}

const GATE = "\n";

function gate(edge: "begin" | "end", phase: string): string {
  return `${GATE}${edge}${GATE}${phase}`;
}

function isGate(node: string): boolean {
  return node.startsWith(GATE);
}

function readable(node: string): string {
  if (!isGate(node)) return node;
  const [, edge, phase] = node.split(GATE);
  return `${edge === "begin" ? "the beginning" : "the end"} of phase ${String(phase)}`;
}
