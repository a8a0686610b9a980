/** Scenarios at random, for property tests of the text and of what carries it: every kind of line, every word that a mail could spoil. */
import fc from 'fast-check';
import { bytesToHex, hex } from '../../base/hex';
import { actTables, type Act, type Actor, type ParameterKind } from '../../engine/acts';
import { facetNames, valuesOf } from '../../profiles/facets';
import { profileIds } from '../../profiles/profiles';
import { invariantNames } from '../../engine/rules/invariants';
import { compareOperators, type Filter } from '../../scenarios/filter/filter';
import type { Clause, WrittenFilter } from '../../scenarios/scope';
import { survivesMail } from '../../scenarios/print';
import {
  actLine,
  guestPrograms,
  hostPersonalities,
  paramsOf,
  type ActLine,
  type Line,
  type Scenario,
} from '../../scenarios/scenario';
import { proseWord } from './any-word';

const prose = fc.array(proseWord, { minLength: 1, maxLength: 40 }).map((words) => words.join(' '));
const word64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
/** The spellings of one number. */
const spellings = (number: bigint): string[] => [
  hex(number),
  `0X${number.toString(16).toUpperCase()}`,
  hex(number, 20),
  number.toString(),
  number.toString().replace(/(?<=\d)(?=(?:\d{3})+$)/g, '_'),
];
const numberText = word64.chain((number) => fc.constantFrom(...spellings(number)));
const entry = fc.record({
  operation: fc.integer({ min: 0, max: 15 }),
  gfn: fc.integer({ min: 0, max: 0xff_ffff_ffff }),
  twoMeg: fc.boolean(),
  currentPage: fc.integer({ min: 0, max: 4095 }),
});
const byteRun = fc.record({
  at: fc.integer({ min: 0, max: 0xfe0 }),
  hex: fc.uint8Array({ minLength: 1, maxLength: 20 }).map(bytesToHex),
});

const valueOf = (kind: ParameterKind, name: string, vcpus: number): fc.Arbitrary<unknown> => {
  if (kind === 'u64') return word64;
  if (kind === 'count') return fc.integer({ min: 0, max: name === 'vcpu' ? vcpus - 1 : 2 ** 52 - 1 });
  if (kind === 'flag') return fc.boolean();
  if (kind === 'entries') return fc.array(entry, { minLength: 1, maxLength: 40 });
  if (kind === 'bytes') return fc.array(byteRun, { minLength: 1, maxLength: 30 });
  return fc.constantFrom(...kind);
};

/** The numbers of a line written in other ways; 64-bit words perhaps as what they are in two's complement. */
function spelled(line: ActLine): fc.Arbitrary<ActLine> {
  const kinds = paramsOf(line.act);
  const args = line.act.args as Readonly<Record<string, unknown>>;
  const written = line.written.map(({ name, text }) => {
    const kind = kinds[name];
    if (kind !== 'u64' && kind !== 'count') return fc.constant({ name, text });
    const number = BigInt(args[name] as bigint | number);
    const negative = kind === 'u64' && number >= 1n << 63n ? [`-${(1n << 64n) - number}`] : [];
    return fc.constantFrom(...spellings(number), ...negative).map((other) => ({ name, text: other }));
  });
  return fc.tuple(...written).map((texts) => ({ ...line, written: texts }));
}

const anyActLine = (vcpus: number): fc.Arbitrary<ActLine> =>
  fc.oneof(
    ...(Object.keys(actTables) as Actor[]).flatMap((actor) =>
      Object.entries(actTables[actor]).map(([verb, { params }]) => {
        const args = Object.entries(params as Record<string, { kind: ParameterKind; required: boolean }>);
        const values = args.map(([name, { kind }]) => [name, valueOf(kind, name, vcpus)] as const);
        const requiredKeys = args.filter(([, p]) => p.required).map(([name]) => name);
        const filled = fc.record(Object.fromEntries(values), { requiredKeys, noNullPrototype: true });
        const vcpu = fc.integer({ min: 0, max: vcpus - 1 });
        const act = fc
          .tuple(filled, vcpu)
          .map(
            ([given, by]) =>
              ({ actor, verb, args: given, ...(actor === 'guest' ? { vcpu: by } : {}) }) as unknown as Act,
          );
        return act.map(actLine).chain(spelled);
      }),
    ),
  );

const spec = fc
  .record({
    id: fc.constantFrom(...profileIds),
    overrides: fc.array(
      fc
        .constantFrom(...facetNames)
        .chain((name) => fc.constantFrom(...valuesOf(name)).map((value) => `:${name}=${value}`)),
      { maxLength: 6 },
    ),
  })
  .map(({ id, overrides }) => id + overrides.join(''));

/** Sizes as people write them; small, since a property may run the scenario under every profile. */
const vmLine = fc
  .record({
    vcpus: fc.integer({ min: 1, max: 4 }),
    memory: fc.constantFrom([4 << 20, '4M'], [1 << 20, '1024K'], [32 << 20, '0x2000000'] as const),
    flash: fc.constantFrom([0, '0'], [1 << 20, '1M'] as const),
    maxphyaddr: fc.integer({ min: 32, max: 52 }),
  })
  .map(({ vcpus, memory: [memory, memoryText], flash: [flash, flashText], maxphyaddr }): Line => {
    const written = [
      { name: 'memory', text: String(memoryText) },
      { name: 'vcpus', text: String(vcpus) },
      { name: 'flash', text: String(flashText) },
      { name: 'maxphyaddr', text: String(maxphyaddr) },
    ];
    return {
      kind: 'vm',
      settings: { vcpus, memory: Number(memory), flash: Number(flash), maxphyaddr },
      written,
    };
  });

const headLine: fc.Arbitrary<Line> = fc.oneof(
  prose.map((text): Line => ({ kind: 'title', text })),
  prose.map((text): Line => ({ kind: 'ref', text })),
  fc.array(spec, { minLength: 1, maxLength: 5 }).map((specs): Line => ({ kind: 'profile', specs })),
  vmLine,
  fc.constantFrom(...guestPrograms).map((program): Line => ({ kind: 'guest', program })),
  fc.constantFrom(...hostPersonalities).map((personality): Line => ({ kind: 'host', personality })),
);

const untilLine: fc.Arbitrary<Line> = fc.oneof(
  fc
    .constantFrom('idle', 'exit', 'terminated')
    .map((what): Line => ({ kind: 'runUntil', until: { what: what as 'idle' } })),
  fc.constantFrom('16', '0x10', '1_6').map((text): Line => {
    const until = { what: 'steps', count: 16, text } as const;
    return { kind: 'runUntil', until };
  }),
);

const expectLine: fc.Arbitrary<Line> = fc
  .record({
    profiles: fc.array(
      fc.oneof(
        spec.filter(({ length }) => length < 70),
        fc.constant('linux-*'),
      ),
      {
        maxLength: 3,
      },
    ),
    operator: fc.constantFrom(...compareOperators),
    about: fc.oneof(
      fc.record({ path: fc.constant('refused'), value: prose.map((text) => `a ${text}`) }),
      fc.record({
        path: fc.constantFrom('v0.ghcbMsr', 'v0.run.hypercall.args[1]', 'v0.ghcb.swExitInfo2'),
        value: numberText,
      }),
    ),
  })
  .map(({ about: { path, value }, profiles, operator }): Line => {
    const filter: Filter = { kind: 'compare', path, operator, value };
    return { kind: 'expect', profiles, text: `${path} ${operator} ${value}`, filter };
  });

const writtenFilter: fc.Arbitrary<WrittenFilter> = fc
  .record({ path: fc.constantFrom('v0.ghcbMsr', 'v0.ghcb.swExitInfo2'), value: numberText })
  .map(({ path, value }) => ({
    text: `${path} == ${value}`,
    filter: { kind: 'compare', path, operator: '==', value },
  }));

const aside: fc.Arbitrary<Line> = fc.oneof(
  prose.map((text): Line => ({ kind: 'note', text })),
  fc.oneof(prose, fc.constant('')).map((text): Line => ({ kind: 'comment', text })),
  fc.constant<Line>({ kind: 'blank' }),
);

const bodyLine = (vcpus: number): fc.Arbitrary<Line> =>
  fc.oneof(
    { weight: 8, arbitrary: anyActLine(vcpus) },
    { weight: 4, arbitrary: aside },
    { weight: 2, arbitrary: expectLine },
    { weight: 1, arbitrary: untilLine },
    { weight: 1, arbitrary: fc.constantFrom<Line>({ kind: 'launch' }, { kind: 'launch', by: 'host' }) },
  );
const bodyLines = new Map([1, 2, 3, 4].map((vcpus) => [vcpus, bodyLine(vcpus)]));

const uniqueHead = (lines: readonly Line[]): Line[] =>
  lines.filter(
    (line, i) =>
      ['ref', 'profile', 'note', 'comment', 'blank'].includes(line.kind) ||
      lines.findIndex((other) => other.kind === line.kind) === i,
  );

/** What a line `explore` may say about a machine of so many vCPUs. */
const exploreLine = (vcpus: number): fc.Arbitrary<Line> =>
  fc
    .oneof(
      fc.constant<Clause>({ what: 'threads' }),
      fc
        .uniqueArray(fc.constantFrom(...invariantNames), { maxLength: 3 })
        .map((names): Clause => ({ what: 'invariants', names })),
      writtenFilter.map((written): Clause => ({ what: 'never', ...written })),
      fc
        .record({ written: writtenFilter, then: fc.option(writtenFilter, { nil: undefined }) })
        .map(({ written, then }): Clause => ({ what: 'some', ...written, ...(then ? { then } : {}) })),
      fc
        .array(
          spec.filter(({ length }) => length < 60),
          { minLength: 2, maxLength: 3 },
        )
        .map((specs): Clause => ({ what: 'alike', specs })),
      fc.integer({ min: 1, max: 999_999 }).map((states): Clause => ({
        what: 'limit',
        states,
        written: [{ name: 'states', text: String(states) }],
      })),
      fc
        .record({
          line: anyActLine(vcpus),
          count: fc.option(fc.integer({ min: 1, max: 255 }), { nil: undefined }),
        })
        .map(({ line: { act, written }, count }): Clause => ({
          what: 'acts',
          ...(count === undefined ? {} : { times: { count, text: String(count) } }),
          who: act.actor === 'guest' ? `v${act.vcpu}` : act.actor,
          verb: act.verb,
          written,
          acts: [act],
        })),
    )
    .map((clause): Line => ({ kind: 'explore', clause }));

/** Blank lines stand alone, and between others. */
const withoutIdleBlanks = (lines: readonly Line[]): Line[] => {
  const kept = lines.filter((line, i) => line.kind !== 'blank' || (i > 0 && lines[i - 1]?.kind !== 'blank'));
  if (kept.at(-1)?.kind === 'blank') kept.pop();
  return kept;
};

const vcpusOf = (head: readonly Line[]): number =>
  head.reduce((count, line) => (line.kind === 'vm' ? (line.settings.vcpus ?? count) : count), 2);

/** Any scenario that can be written down, for property tests: what it does need not make sense. */
export const anyScenario: fc.Arbitrary<Scenario> = fc
  .array(fc.oneof({ weight: 3, arbitrary: headLine }, aside), { maxLength: 7 })
  .map(uniqueHead)
  .chain((head) =>
    fc
      .tuple(
        fc.array(bodyLines.get(vcpusOf(head)) ?? fc.constant<Line>({ kind: 'blank' }), { maxLength: 10 }),
        fc.oneof(
          { weight: 3, arbitrary: fc.constant<Line[]>([]) },
          fc.array(exploreLine(vcpusOf(head)), { maxLength: 5 }),
        ),
      )
      .map(([body, explored]) => [...head, { kind: 'launch' } as const, ...body, ...explored]),
  )
  .map((lines) => ({ lines: withoutIdleBlanks(lines.filter(survivesMail)) }));
