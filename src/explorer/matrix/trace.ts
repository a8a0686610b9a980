/** Acts performed one after the other, with everything they reported; the world stays in the resulting state. */
import { Unmodelled } from '../../base/assert';
import type { Act } from '../../engine/acts';
import { needsWake } from '../../engine/kvm/run/run';
import type { Move } from '../../engine/moves';
import { perform } from '../../engine/perform';
import type { RuleId } from '../../engine/rules';
import { nextVmmAct } from '../../engine/vmm/handle';
import { threadToContinue } from '../../engine/vmm/threads';
import type { World } from '../../engine/world';
import type { FacetName } from '../../profiles/facets';
import type { TapedFinding } from '../../scenarios/tape';
import { wake, type Choice, type EventStep } from './chart';

export interface SeenMove extends Move {
  readonly rule?: RuleId;
}

/** What was reported while acts were performed. */
export interface Trace {
  readonly moves: readonly SeenMove[];
  readonly findings: readonly TapedFinding[];
  /** Facets that were consulted, each once, in order. */
  readonly facets: readonly FacetName[];
  /** Acts as a scenario writes them: acts of a personality are not among them. */
  readonly acts: readonly Act[];
  /** Why one of the acts could not be taken; the rest was not tried. */
  readonly impossible?: string;
}

/** Maximum number of automatic acts after one act; more mean an endless loop. */
const MAX_OWN_ACTS = 40;

/** Performs acts and collects what they report. */
export class Tracer {
  private readonly moves: SeenMove[] = [];
  private readonly findings: TapedFinding[] = [];
  private readonly facets = new Set<FacetName>();
  private readonly acts: Act[] = [];
  private impossible: string | undefined;

  constructor(private readonly world: World) {}

  get trace(): Trace {
    const { moves, findings, acts, impossible } = this;
    const seen = { moves, findings, acts, facets: [...this.facets] };
    return impossible === undefined ? seen : { ...seen, impossible };
  }

  /** Performs the steps of an event; after each the world comes to rest. */
  take(steps: readonly EventStep[], choice: Choice): this {
    for (const step of steps) {
      const act = step(this.world, choice);
      if (!act) continue;
      this.acts.push(act);
      this.impossible = this.perform(act);
      if (this.impossible !== undefined) return this;
      this.comeToRest();
    }
    return this;
  }

  /** Performs automatic acts until none is left: those of the personality and of threads. */
  comeToRest(): this {
    const { world } = this;
    for (let own = 0; own < MAX_OWN_ACTS; own++) {
      const vmmAct = nextVmmAct(world);
      const thread = vmmAct ? -1 : world.vcpus.findIndex((_, index) => needsWake(world, index));
      const waiting = vmmAct || thread >= 0 ? undefined : threadToContinue(world);
      const goesOn: Act | undefined =
        waiting === undefined ? undefined : { actor: 'kvm', verb: 'continue', args: { thread: waiting } };
      const act = vmmAct ?? (thread < 0 ? goesOn : wake(thread));
      if (!act || this.perform(act) !== undefined) return this;
      if (!vmmAct) this.acts.push(act);
    }
    return this;
  }

  private perform(act: Act): string | undefined {
    const { world } = this;
    const { recorder } = world;
    world.recorder = {
      transition: () => {},
      facet: (name) => this.facets.add(name),
      finding: (kind, text, invariant) => this.findings.push({ kind, text, ...(invariant && { invariant }) }),
      move: (kind, vcpu, args, rule) =>
        this.moves.push({ kind, vcpu, args: { ...args }, ...(rule === undefined ? {} : { rule }) }),
    };
    try {
      return perform(world, act)?.says;
    } catch (error) {
      if (!(error instanceof Unmodelled)) throw error;
      this.findings.push({ kind: 'unmodelled', text: error.what });
      return undefined;
    } finally {
      world.recorder = recorder;
    }
  }
}

/** Whether an automatic act is possible in the present state. */
export const isAtRest = (world: World): boolean =>
  !nextVmmAct(world) && !world.vcpus.some((_, index) => needsWake(world, index));
