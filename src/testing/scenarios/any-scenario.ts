/** Scenarios at random, for property tests of the text and of what carries it. */
import fc from 'fast-check';
import { bytesToHex } from '../../base/hex';
import { actTables, type Act, type Actor, type ParameterKind } from '../../engine/acts';
import { isScissorsLine } from '../../scenarios/mail';
import {
  actLine,
  expectOperators,
  guestPrograms,
  hostPersonalities,
  type Line,
  type Scenario,
} from '../../scenarios/scenario';

const proseWord = fc
  .string({ unit: fc.constantFrom(...'abcXYZ0189-:.,>#=()/'), minLength: 1, maxLength: 20 })
  .filter((word) => !isScissorsLine(word) && !/8[<]|>8|[>%]/.test(word));
const prose = fc.array(proseWord, { minLength: 1, maxLength: 20 }).map((words) => words.join(' '));
const numberText = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((n) => `0x${n.toString(16)}`),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String),
);
const entry = fc.record({
  operation: fc.integer({ min: 0, max: 15 }),
  gfn: fc.integer({ min: 0, max: 0xfffff }),
  twoMeg: fc.boolean(),
  currentPage: fc.integer({ min: 0, max: 4095 }),
});
const byteRun = fc.record({
  at: fc.integer({ min: 0, max: 0xfe0 }),
  hex: fc.uint8Array({ minLength: 1, maxLength: 20 }).map(bytesToHex),
});

const valueOf = (kind: ParameterKind): fc.Arbitrary<unknown> => {
  if (kind === 'u64') return fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  if (kind === 'count') return fc.integer({ min: 0, max: 1 });
  if (kind === 'flag') return fc.boolean();
  if (kind === 'entries') return fc.array(entry, { minLength: 1, maxLength: 40 });
  if (kind === 'bytes') return fc.array(byteRun, { minLength: 1, maxLength: 30 });
  return fc.constantFrom(...kind);
};
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  ...(Object.keys(actTables) as Actor[]).flatMap((actor) =>
    Object.entries(actTables[actor]).map(([verb, { params }]) => {
      const args = Object.entries(params as Record<string, { kind: ParameterKind; required: boolean }>);
      const required = args.filter(([, p]) => p.required).map(([name]) => name);
      return fc
        .record(Object.fromEntries(args.map(([name, p]) => [name, valueOf(p.kind)])), {
          requiredKeys: required,
          noNullPrototype: true,
        })
        .map(
          (filled) =>
            ({ actor, verb, args: filled, ...(actor === 'guest' ? { vcpu: 1 } : {}) }) as unknown as Act,
        );
    }),
  ),
);
const headLine: fc.Arbitrary<Line> = fc.oneof(
  prose.map((text): Line => ({ kind: 'title', text })),
  prose.map((text): Line => ({ kind: 'ref', text })),
  fc.constantFrom<Line>({
    kind: 'profile',
    specs: ['linux-7.2:ap.doubleCreate=reject', 'part2-v4', 'linux-6.12', 'v14', 'linux-6.11'],
  }),
  fc.constantFrom(...guestPrograms).map((program): Line => ({ kind: 'guest', program })),
  fc.constantFrom(...hostPersonalities).map((personality): Line => ({ kind: 'host', personality })),
);
const bodyLine: fc.Arbitrary<Line> = fc.oneof(
  { weight: 8, arbitrary: anyAct.map((act): Line => actLine(act)) },
  prose.map((text): Line => ({ kind: 'note', text })),
  prose.map((text): Line => ({ kind: 'comment', text })),
  fc.constantFrom<Line>(
    { kind: 'launch' },
    { kind: 'runUntil', until: { what: 'idle' } },
    { kind: 'runUntil', until: { what: 'steps', count: 16, text: '0x10' } },
  ),
  fc
    .record({
      profiles: fc.subarray(['linux-7.2', 'v14']),
      operator: fc.constantFrom(...expectOperators),
      about: fc.oneof(
        fc.record({ path: fc.constant('refused'), value: prose.map((text) => `a ${text}`) }),
        fc.record({ path: fc.constant('v1.ghcbMsr'), value: numberText }),
      ),
    })
    .map(({ about, ...rest }): Line => ({ kind: 'expect', ...about, ...rest })),
);
const uniqueHead = (lines: Line[]): Line[] =>
  lines.filter(
    (line, i) => line.kind === 'ref' || lines.findIndex((other) => other.kind === line.kind) === i,
  );
/** Any scenario that can be written down, for property tests: what it does need not make sense. */
export const anyScenario: fc.Arbitrary<Scenario> = fc
  .record({
    head: fc.array(headLine, { maxLength: 5 }),
    body: fc.array(bodyLine, { minLength: 0, maxLength: 10 }),
  })
  .map(({ head, body }) => ({ lines: [...uniqueHead(head), { kind: 'launch' }, ...body] }));
