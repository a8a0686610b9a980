/** An act as a person types it, without the frame of a scenario: `ap-create target=1 vmsa=0x123000`. */
import { actTables, type Act, type Actor, type Parameter } from '../engine/acts';
import { parseScenario } from './parse';

/** What a typed line is: an act, or why it is none yet. */
export type TypedAct =
  | { readonly ok: true; readonly act: Act }
  | { readonly ok: false; readonly message: string };

const guestWord = /^v\d+$/;
const isActor = (word: string): word is Actor => Object.hasOwn(actTables, word);
/** Actors in the order in which their verbs are tried when a line names nobody. */
const actors: readonly Actor[] = ['guest', 'vmm', 'inject'];
const whoOf = (actor: Actor, vcpu: number): string => (actor === 'guest' ? `v${vcpu}` : actor);

/** Who and what a line begins with; who is found by the verb when the line does not say. */
function begun(text: string, vcpu: number): { who: string; actor: Actor | undefined; rest: string } {
  const [first = '', ...others] = text.trim().split(/\s+/);
  const rest = others.join(' ');
  const isWhole = rest !== '' || /\s$/.test(text); // `vmm` alone may become `vmmcall`
  if (isWhole && guestWord.test(first)) return { who: first, actor: 'guest', rest };
  if (isWhole && first !== 'guest' && isActor(first)) return { who: first, actor: first, rest };
  const actor = actors.find((one) => Object.hasOwn(actTables[one], first));
  return { who: actor ? whoOf(actor, vcpu) : '', actor, rest: [first, ...others].join(' ') };
}

/**
 * Reads an act.
 * @param vcpu who does it when the line does not say; @param vcpus how many the VM has
 */
export function readTypedAct(text: string, { vcpu, vcpus }: { vcpu: number; vcpus: number }): TypedAct {
  const { who, rest } = begun(text, vcpu);
  if (who === '') return { ok: false, message: 'no act begins so' };
  const lines = [
    'ghcb-scenario 1',
    `vm      vcpus=${vcpus}`,
    `${who.padEnd(7)} ${rest}`,
    'end ghcb-scenario',
  ];
  const parsed = parseScenario(`${lines.join('\n')}\n`);
  if (!parsed.ok) {
    const [first] = parsed.problems;
    const expected = first?.expected === undefined ? '' : `; expected ${first.expected}`;
    return { ok: false, message: `${first?.message ?? 'that is no act'}${expected}` };
  }
  const line = parsed.scenario.lines.find(({ kind }) => kind === 'act');
  return line?.kind === 'act' ? { ok: true, act: line.act } : { ok: false, message: 'that is no act' };
}

/** A way to go on with a line. */
export interface Completion {
  /** The whole line with the completion in it. */
  readonly text: string;
  /** What was added, as a list shows it. */
  readonly label: string;
  readonly doc: string;
}

/** Words that may stand next in an act line: verbs, then parameters that it does not have yet, then their words. */
export function completeAct(text: string, vcpu: number): readonly Completion[] {
  const { who, actor, rest } = begun(text, vcpu);
  const words = rest.split(/\s+/).filter((word) => word !== '');
  const verb = words[0] ?? '';
  const verbs = actor ? actTables[actor] : undefined;
  const kind = verbs && Object.hasOwn(verbs, verb) ? (verbs as Record<string, ActVerb>)[verb] : undefined;
  const isVerbDone = kind !== undefined && (words.length > 1 || /\s$/.test(text));
  if (!isVerbDone || !kind) return completeVerb(who, actor, verb, vcpu);
  const begins = /\s$/.test(text) ? '' : (words.at(-1) ?? '');
  const before = text.slice(0, text.length - begins.length);
  const given = new Set(words.slice(1).map((word) => word.split('=')[0]));
  const equals = begins.indexOf('=');
  if (equals >= 0) return completeValue(before, begins, kind.params[begins.slice(0, equals)]);
  return Object.entries(kind.params)
    .filter(([name]) => name.startsWith(begins) && (!given.has(name) || name === begins))
    .map(([name, { doc, required }]) => ({
      text: `${before}${name}=`,
      label: `${name}=`,
      doc: required ? doc : `${doc} (may be missing)`,
    }));
}

interface ActVerb {
  readonly doc: string;
  readonly params: Readonly<Record<string, Parameter>>;
}

function completeVerb(
  who: string,
  actor: Actor | undefined,
  begins: string,
  vcpu: number,
): readonly Completion[] {
  const among = actor && who !== '' ? [actor] : actors;
  return among.flatMap((one) =>
    Object.entries(actTables[one] as Readonly<Record<string, ActVerb>>)
      .filter(([verb]) => verb.startsWith(begins))
      .map(([verb, { doc }]) => {
        const text = `${who === '' ? whoOf(one, vcpu) : who} ${verb} `;
        return { text, label: text.trim(), doc };
      }),
  );
}

function completeValue(
  before: string,
  begins: string,
  parameter: Parameter | undefined,
): readonly Completion[] {
  if (!parameter) return [];
  const { kind } = parameter;
  const words = kind === 'flag' ? ['yes', 'no'] : typeof kind === 'object' ? kind : [];
  const [name = '', value = ''] = begins.split('=');
  return words
    .filter((word) => word.startsWith(value) && word !== value)
    .map((word) => ({ text: `${before}${name}=${word} `, label: `${name}=${word}`, doc: parameter.doc }));
}
