/** Acts as JSON: checked against the declared vocabulary, 64-bit words as "0x...". */
import * as v from 'valibot';
import {
  actTables,
  type Act,
  type ActKind,
  type Actor,
  type Parameter,
  type ParameterKind,
} from '../../engine/acts';
import { hex } from '../../base/hex';

const word64 = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-f]{1,16}$/, 'a 64-bit word is written "0x..." in small letters'),
  v.transform((text) => BigInt(text)),
);
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entry = v.strictObject({ operation: whole, gfn: whole, twoMeg: v.boolean(), currentPage: whole });
const byteRun = v.strictObject({ at: whole, hex: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2})+$/)) });

/** A list of words with yes and no was a flag before it had more words: recordings of that time hold true and false. */
const formerFlag = v.pipe(
  v.boolean(),
  v.transform((yes) => (yes ? 'yes' : 'no')),
);

function valueSchema(kind: ParameterKind): v.GenericSchema {
  if (kind === 'u64') return word64;
  if (kind === 'count') return whole;
  if (kind === 'flag') return v.boolean();
  if (kind === 'entries') return v.array(entry);
  if (kind === 'bytes') return v.array(byteRun);
  return kind.includes('yes') && kind.includes('no')
    ? v.union([v.picklist(kind), formerFlag])
    : v.picklist(kind);
}

function argumentsSchema(params: Readonly<Record<string, Parameter>>): v.GenericSchema {
  return v.strictObject(
    Object.fromEntries(
      Object.entries(params).map(([name, { kind, required }]) => [
        name,
        required ? valueSchema(kind) : v.optional(valueSchema(kind)),
      ]),
    ),
  );
}

const schemasOf = (table: Readonly<Record<string, ActKind>>): ReadonlyMap<string, v.GenericSchema> =>
  new Map(Object.entries(table).map(([verb, { params }]) => [verb, argumentsSchema(params)]));

const byActor: Readonly<Record<Actor, ReadonlyMap<string, v.GenericSchema>>> = {
  guest: schemasOf(actTables.guest),
  vmm: schemasOf(actTables.vmm),
  kvm: schemasOf(actTables.kvm),
  inject: schemasOf(actTables.inject),
};

const actHead = v.looseObject({
  actor: v.picklist(Object.keys(actTables) as Actor[]),
  verb: v.string(),
  args: v.unknown(),
  vcpu: v.optional(whole),
});

/** An act out of JSON; what is wrong with it otherwise. */
export const actSchema = v.pipe(
  actHead,
  v.rawTransform(({ dataset, addIssue, NEVER }): Act => {
    const { actor, verb, args, vcpu } = dataset.value;
    const schema = byActor[actor].get(verb);
    if (!schema) {
      addIssue({ message: `no ${actor} act is called '${verb}'` });
      return NEVER;
    }
    if ((actor === 'guest') !== (vcpu !== undefined)) {
      addIssue({
        message: actor === 'guest' ? 'a guest act names its vCPU' : `a ${actor} act has no vCPU of its own`,
      });
      return NEVER;
    }
    const parsed = v.safeParse(schema, args);
    if (!parsed.success) {
      addIssue({ message: `${verb}: ${issueText(parsed.issues)}` });
      return NEVER;
    }
    return { actor, ...(actor === 'guest' ? { vcpu } : {}), verb, args: parsed.output } as Act;
  }),
);

/** The first thing that is wrong, with its place. */
export function issueText(issues: readonly v.BaseIssue<unknown>[]): string {
  const first = issues[0];
  if (!first) return 'not as expected';
  const place = v.getDotPath(first);
  return place ? `${place}: ${first.message}` : first.message;
}

/** A value as JSON knows it: 64-bit words become text. */
export const jsonValue = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? hex(value) : value;
