/** The AP life cycle: which acts of a scope `ap-lifecycle.pml` has, and with which parameters. */
import { gpaToGfn, isPageAligned } from '../../abi/address';
import type { Act } from '../../engine/acts';
import { slotOf } from '../../engine/frames/slots';
import type { World } from '../../engine/world';
import { actLine, headOf, type Scenario } from '../../scenarios/scenario';
import { lineText } from '../../scenarios/print';
import type { Scope } from '../search/scope';
import { Counts } from './counts';
import type { Fitted } from './models';

/** The bit that SEV_FEATURES must not declare (DEBUG_SWAP), and the injection modes that KVM compares. */
const OTHER_FEATURE = 1n << 5n;
const INJECTION_MODES = 0x18n;

/** The pages of a scope in the words of the model. */
export interface ApPages {
  /** VMSAs of the guest: 1 and 2 of the model. */
  readonly good: readonly bigint[];
  readonly noSlot: bigint;
  readonly untyped: bigint;
  readonly misaligned: bigint;
}

type PageWord = 'good' | 'no-slot' | 'untyped' | 'misaligned';

const counted = [
  'CREATES',
  'CREATES_ON_INIT',
  'DESTROYS',
  'CREATES_NO_SLOT',
  'CREATES_UNTYPED',
  'CREATES_OTHER_FEATURES',
  'REFUSALS',
  'INITS',
  'SIPIS',
  'HOLDS',
  'HLTS',
  'UNHALTS',
  'RUNS',
  'IMMEDIATE_EXITS',
  'SIGNALS',
  'SET_MP_STATES',
  'GET_MP_STATES',
];

/** Pages that the acts above the scope make VMSAs. */
const madeVmsas = ({ lines }: Scenario): readonly bigint[] =>
  lines.flatMap((line) => (line.kind === 'act' && line.act.verb === 'make-vmsa' ? [line.act.args.gpa] : []));

const pageWord = (gpa: bigint, made: readonly bigint[], world: World): PageWord => {
  if (!isPageAligned(gpa)) return 'misaligned';
  if (!slotOf(world, gpaToGfn(gpa))) return 'no-slot';
  return made.includes(gpa) ? 'good' : 'untyped';
};

/** The pages that the requests of a scope name, and one of each kind where it names none. */
export function apPages(scope: Scope, world: World): ApPages {
  const made = madeVmsas(scope.scenario);
  const named = scope.acts.flatMap(({ act }) =>
    act.verb === 'ap-create' || act.verb === 'ap-create-on-init' ? [act.args.vmsa] : [],
  );
  const of = (word: PageWord): readonly bigint[] => [
    ...new Set(named.filter((gpa) => pageWord(gpa, made, world) === word)),
  ];
  const [first = 0x121000n] = made;
  return {
    good: [...new Set([...of('good'), ...made])],
    noSlot: of('no-slot')[0] ?? 0x7fff000n,
    untyped: of('untyped')[0] ?? first + 0x8000n,
    misaligned: of('misaligned')[0] ?? first + 0x10n,
  };
}

/** The parameters that count an act; nothing where the model has no such act. */
function parametersOf(act: Act, world: World, made: readonly bigint[]): readonly string[] | undefined {
  const isTarget = (target: number): boolean => target > 0 && target < world.vcpus.length;
  switch (act.verb) {
    case 'ap-create':
    case 'ap-create-on-init': {
      const { target, vmsa, features, vmpl = 0, 'no-rax': noRax = false } = act.args;
      if (act.vcpu !== 0 || vmpl !== 0 || noRax || target === 0) return undefined;
      const onInit = act.verb === 'ap-create-on-init' ? ['CREATES_ON_INIT'] : [];
      if (!isTarget(target)) return onInit.length > 0 ? undefined : ['REFUSALS'];
      const word = pageWord(vmsa, made, world);
      if (features !== undefined && (features & INJECTION_MODES) !== 0n)
        return onInit.length > 0 ? undefined : ['REFUSALS'];
      if (features !== undefined && (features & OTHER_FEATURE) !== 0n)
        return onInit.length > 0 || word !== 'good' ? undefined : ['CREATES_OTHER_FEATURES'];
      if (word === 'misaligned') return ['REFUSALS', ...onInit];
      if (word === 'no-slot') return ['CREATES_NO_SLOT', ...onInit];
      if (word === 'untyped') return onInit.length > 0 ? undefined : ['CREATES_UNTYPED'];
      return onInit.length > 0 ? onInit : ['CREATES'];
    }
    case 'ap-destroy':
      return act.vcpu === 0 && isTarget(act.args.target) ? ['DESTROYS'] : undefined;
    case 'init':
      return isTarget(act.args.target) ? ['INITS'] : undefined;
    case 'sipi':
      return isTarget(act.args.target) ? ['SIPIS'] : undefined;
    case 'init-sipi':
      return isTarget(act.args.target) ? ['INITS', 'SIPIS'] : undefined;
    case 'hold':
      return isTarget(act.vcpu) ? ['HOLDS'] : undefined;
    case 'hlt':
      return isTarget(act.vcpu) ? ['HLTS'] : undefined;
    case 'pv-unhalt':
      return isTarget(act.args.vcpu) ? ['UNHALTS'] : undefined;
    case 'run':
      if (!isTarget(act.args.vcpu)) return undefined;
      return act.args['immediate-exit'] === true ? ['IMMEDIATE_EXITS'] : ['RUNS'];
    case 'signal':
      return isTarget(act.args.vcpu) ? ['SIGNALS'] : undefined;
    case 'set-mp-state':
      return isTarget(act.args.vcpu) ? ['SET_MP_STATES'] : undefined;
    case 'get-mp-state':
      return isTarget(act.args.vcpu) ? ['GET_MP_STATES'] : undefined;
    case 'wake':
    case 'continue':
      return []; // part of every scope
    default:
      return undefined;
  }
}

/** Acts that come to several of the model, which has more of them than the scope. */
const groups: Readonly<Record<string, string>> = {
  REFUSALS: 'every request that KVM refuses: injection modes, misaligned address, unknown APIC id',
  HOLDS: 'both forms of an AP reset hold',
  SET_MP_STATES: 'KVM_SET_MP_STATE with six states',
};

/** How the targets stand when the search begins: the model's `START`, or why it has none. */
function startOf(world: World): { readonly start: number; readonly lacks: readonly string[] } {
  const starts = world.vcpus.slice(1).map((vcpu, index) => {
    const { mpState, run, waitsForInit } = vcpu;
    const isPlain = vcpu.creation === 'noneWaiting' && vcpu.vmsa === 'launchVmsa' && !vcpu.initLatched;
    if (isPlain && mpState === 'AP_RESET_HOLD' && run === 'blocked') return 1;
    if (isPlain && mpState === 'UNINITIALIZED')
      return waitsForInit ? 2 : run === 'inUserspace' ? 0 : undefined;
    return `v${index + 1} as it stands at first (${mpState}, ${run})`;
  });
  const numbers = starts.filter((one) => typeof one === 'number');
  const [start = 0] = numbers;
  const lacks = starts.flatMap((one, index) => {
    if (typeof one === 'string') return [one];
    return one === start ? [] : [`v${index + 1} as it stands at first`];
  });
  return { start, lacks };
}

/** The scope as parameters of the model. */
export function fittedAp(scope: Scope, world: World): Fitted & { readonly covered: number } {
  const made = madeVmsas(scope.scenario);
  const counts = new Counts(scope);
  const lacks: string[] = [];
  const used = new Set<string>();
  let covered = 0;
  for (const { act, counter } of scope.acts) {
    const parameters = parametersOf(act, world, made);
    if (!parameters) {
      lacks.push(lineText(actLine(act)));
      continue;
    }
    if (parameters.length > 0) covered++;
    for (const name of parameters) {
      counts.add(name, counter);
      used.add(name);
    }
  }
  const { start, lacks: unlike } = startOf(world);
  const hasPersonality = headOf(scope.scenario).host !== 'manual';
  const adds = Object.entries(groups).flatMap(([name, says]) => (used.has(name) ? [says] : []));
  const pages = apPages(scope, world).good.length;
  if (pages > 2) lacks.push('more than two VMSAs of the guest');
  const runsItself = hasPersonality && !used.has('RUNS');
  if (runsItself) {
    counts.add('RUNS', -1);
    adds.push('KVM_RUN at any time, which the personality calls at once');
  }
  return {
    covered,
    defines: {
      VCPUS: Math.max(world.vcpus.length, 2),
      PAGES: Math.min(Math.max(pages, 1), 2),
      START: start,
      WAKE_AT_ONCE: scope.threadsGoOn ? 1 : 0,
      ...counts.defines(counted),
    },
    lacks: [...unlike, ...lacks],
    adds,
  };
}
