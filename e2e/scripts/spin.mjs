// @ts-check
/**
 * Runs SPIN on a Promela model of public/models/: the verdict and the shortest violation of each property, the states, and
 * the reachable abstract states as the projection beside the model (MODEL.json) declares them.
 *
 *   node e2e/scripts/spin.mjs ap-lifecycle --profile linux-6.12 --scope held [-DVCPUS=3] [--states]
 *   node e2e/scripts/spin.mjs psc --profile linux-7.2 --scope small --measure
 *   node e2e/scripts/spin.mjs psc --profile linux-6.12 --scope small --trail NoStaleReturn
 *
 * Prints JSON; --trail prints the acts of a shortest violation. docs/models.md describes both.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * @typedef {Readonly<Record<string, string | number>>} Defines
 * @typedef {{ name: string, of?: string, expression: string, values?: Record<string, string> }} Field
 * @typedef {{
 *   about: string,
 *   families: Record<string, { parameter: string, from: number }>,
 *   fields: readonly Field[],
 *   scopes: Record<string, { about: string, defines: Defines }>,
 *   properties: Record<string, string>,
 * }} Projection
 * @typedef {{ model: string, profile: string, scope?: string, defines?: Defines, hashBits?: number, optimise?: string }} Question
 * @typedef {{ verdict: 'holds' } | { verdict: 'violated', acts: number }} Verdict
 * @typedef {{ spin: number, gcc: number, run: number }} Seconds
 * @typedef {{
 *   model: string, profile: string, scope: string, defines: Defines,
 *   states: number, transitions: number, depth: number,
 *   properties: Record<string, Verdict>, abstractStates: string[], seconds: Seconds,
 * }} Report
 */

const folder = fileURLToPath(new URL('../../public/models/', import.meta.url));

export const profiles = ['part2-v4', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'linux-7.3'];

/** @param {string} model @returns {Projection} */
export const readProjection = (model) => JSON.parse(readFileSync(join(folder, `${model}.json`), 'utf8'));

/** @param {string} model */
const readSource = (model) => readFileSync(join(folder, `${model}.pml`), 'utf8');

/** @param {string} model @returns {[string, number][]} the properties with their numbers, as the model declares them */
export function propertiesOf(model) {
  const part = readSource(model).split('/* ---- properties ---- */')[1]?.split('#ifndef PROPERTY')[0] ?? '';
  return [...part.matchAll(/^#define (\w+) (\d+)$/gm)].map(([, name = '', n]) => [name, Number(n)]);
}

/** @returns {string} '' or which program is missing */
export function missingProgram() {
  const missing = ['spin', 'gcc'].find(
    (program) => spawnSync(program, [program === 'spin' ? '-V' : '--version']).error,
  );
  return missing ? `${missing} is not installed` : '';
}

/** What the shell says of its children: minutes and seconds in user and kernel mode, in its last line. */
const TIMES = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/;

/**
 * @param {string} program @param {readonly string[]} args @param {string} cwd
 * @returns {{ output: string, seconds: number }} seconds of processor time: what else runs on the machine is no part of them
 */
function run(program, args, cwd) {
  const script = '"$@"; status=$?; times >&2; exit $status';
  const done = spawnSync('sh', ['-c', script, 'sh', program, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  const [, userMinutes, user, kernelMinutes, kernel] = TIMES.exec(done.stderr) ?? [];
  const seconds = 60 * (Number(userMinutes) + Number(kernelMinutes)) + Number(user) + Number(kernel);
  return { output: done.stdout, seconds };
}

/** The parameters of a question, those of its scope included. @param {Question} question @returns {Defines} */
export function definesOf({ model, profile, scope, defines }) {
  const known = readProjection(model).scopes;
  if (scope !== undefined && !known[scope]) {
    throw new Error(`${model} has no scope ${scope}, but ${Object.keys(known).join(', ')}`);
  }
  if (!profiles.includes(profile)) throw new Error(`no profile ${profile}, but ${profiles.join(', ')}`);
  return {
    PROFILE: profile.toUpperCase().replace(/[-.]/g, '_'),
    ...(scope === undefined ? {} : known[scope]?.defines),
    ...defines,
  };
}

/** @param {Defines} defines */
const asArguments = (defines) => Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);

/**
 * The value of a parameter: what the scope says, or the model's default.
 * @param {string} model @param {Defines} defines @param {string} name @returns {number | 'ANY'}
 */
export function parameterOf(model, defines, name) {
  const value = defines[name] ?? new RegExp(`^#define ${name} +(\\w+)`, 'm').exec(readSource(model))?.[1];
  if (value === undefined) throw new Error(`${model}.pml has no parameter ${name}`);
  return value === 'ANY' ? value : Number(value);
}

/** @typedef {{ label: string, expression: string, values?: Record<string, string> | undefined }} Column */

/** @param {string} model @param {Defines} defines @returns {Column[]} the projection, one column for each byte of an abstract state */
function columnsOf(model, defines) {
  const { families, fields } = readProjection(model);
  const columns = fields.map(({ name, of, expression, values }) => {
    if (of === undefined) return [{ of, n: 0, label: name, expression, values }];
    const family = families[of];
    if (!family) throw new Error(`${model}.json has no family ${of}`);
    const count = Number(parameterOf(model, defines, family.parameter)) - family.from;
    return Array.from({ length: count }, (_, i) => ({
      of,
      n: i,
      label: `${of}${i + family.from}.${name}`,
      expression: expression.replaceAll('$i', String(i)),
      values,
    }));
  });
  // Everything of the first vCPU stands before everything of the second.
  return columns.flat().sort((a, b) => (a.of === b.of ? a.n - b.n : 0));
}

/** @param {readonly Column[]} columns @returns {string} C: a set of abstract states, and the first violation of each property */
const reportHeader = (columns) => `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define WIDTH ${columns.length}
static unsigned char *reportRows;
static long reportCount, reportRoom, *reportSlots, reportSlotCount;
static long reportFirst[256];
static void reportPrint(void) {
  long i, j;
  for (i = 0; i < 256; i++) if (reportFirst[i]) printf("@violation %ld %ld\\n", i, reportFirst[i]);
  for (i = 0; i < reportCount; i++) {
    printf("@state");
    for (j = 0; j < WIDTH; j++) printf(" %d", reportRows[i * WIDTH + j]);
    printf("\\n");
  }
}
/* depth is that of the state in which the act begins */
static void noteViolation(int property, long depth) { if (!reportFirst[property]) reportFirst[property] = depth + 1; }
static unsigned long reportHash(const unsigned char *row) {
  unsigned long h = 14695981039346656037UL; long j;
  for (j = 0; j < WIDTH; j++) h = (h ^ row[j]) * 1099511628211UL;
  return h ^ (h >> 29);
}
static void reportPut(long number) {
  unsigned long at = reportHash(reportRows + number * WIDTH) % reportSlotCount;
  while (reportSlots[at]) at = (at + 1) % reportSlotCount;
  reportSlots[at] = number + 1;
}
static void reportKeep(const unsigned char *row) {
  long i;
  if (reportCount * 2 >= reportSlotCount) {
    if (reportSlotCount == 0) atexit(reportPrint);
    reportSlotCount = reportSlotCount ? reportSlotCount * 4 : 1024;
    free(reportSlots);
    reportSlots = calloc(reportSlotCount, sizeof(long));
    for (i = 0; i < reportCount; i++) reportPut(i);
  }
  unsigned long at = reportHash(row) % reportSlotCount;
  while (reportSlots[at]) {
    if (memcmp(reportRows + (reportSlots[at] - 1) * WIDTH, row, WIDTH) == 0) return;
    at = (at + 1) % reportSlotCount;
  }
  if (reportCount == reportRoom) reportRows = realloc(reportRows, (reportRoom = reportRoom * 2 + 1024) * WIDTH);
  memcpy(reportRows + reportCount * WIDTH, row, WIDTH);
  reportPut(reportCount++);
}
#define noteState() { unsigned char row[] = { ${columns.map(({ expression }) => expression).join(', ')} }; reportKeep(row); }
`;

/** @template T @param {(folder: string) => T} use @returns {T} */
function inTemporaryFolder(use) {
  const temporary = mkdtempSync(join(tmpdir(), 'vmgexit-spin-'));
  try {
    return use(temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * spin -a, gcc, and the verifier.
 * @param {Question} question @param {Defines} defines @param {string} cwd @param {{ forSpin?: readonly string[], forGcc: readonly string[], forPan?: readonly string[] }} flags
 */
function verify({ model, hashBits = 20 }, defines, cwd, { forSpin = [], forGcc, forPan = [] }) {
  writeFileSync(join(cwd, 'model.pml'), readSource(model));
  const spin = run('spin', ['-a', ...asArguments(defines), ...forSpin, 'model.pml'], cwd);
  const gcc = run('gcc', ['-w', ...forGcc, '-o', 'pan', 'pan.c'], cwd);
  const pan = run('./pan', [`-w${hashBits}`, ...forPan], cwd);
  if (/^(?:error: max search depth|pan: reached -DMEMLIM)/m.test(pan.output)) {
    throw new Error(`not exhausted:\n${pan.output}`);
  }
  /** @param {RegExp} form */
  const number = (form) => Number(form.exec(pan.output)?.[1] ?? NaN);
  return {
    output: pan.output,
    states: number(/^ *(\d+) states, stored/m),
    transitions: number(/^ *(\d+) transitions/m),
    depth: number(/depth reached (\d+)/),
    seconds: { spin: spin.seconds, gcc: gcc.seconds, run: pan.seconds },
  };
}

/**
 * Every property at once, breadth first, without partial-order reduction: the whole scope, and the shortest violations.
 * @param {Question} question @returns {Report} @throws when SPIN, gcc or the verifier fails or the scope is not exhausted
 */
export function report(question) {
  const { model, profile, scope = '', optimise = '-O0' } = question; // gcc takes longer than a small search
  const defines = definesOf(question);
  const columns = columnsOf(model, defines);
  return inTemporaryFolder((cwd) => {
    writeFileSync(join(cwd, 'report.h'), reportHeader(columns));
    const forGcc = [optimise, '-DSAFETY', '-DNOREDUCE', '-DBFS', '-I.'];
    const { output, states, transitions, depth, seconds } = verify(question, defines, cwd, {
      forSpin: ['-DREPORT'],
      forGcc,
      forPan: ['-m100000'],
    });
    const violated = new Map(
      [...output.matchAll(/^@violation (\d+) (\d+)$/gm)].map(([, n, acts]) => [Number(n), Number(acts)]),
    );
    /** @returns {Verdict} @param {number} n */
    const verdict = (n) => {
      const acts = violated.get(n);
      return acts === undefined ? { verdict: 'holds' } : { verdict: 'violated', acts };
    };
    return {
      model,
      profile,
      scope,
      defines,
      states,
      transitions: transitions - states, // each state also has the step that notes it
      depth,
      properties: Object.fromEntries(propertiesOf(model).map(([name, n]) => [name, verdict(n)])),
      abstractStates: [...output.matchAll(/^@state (.*)$/gm)]
        .map(([, row = '']) => inWords(row, columns))
        .sort(),
      seconds,
    };
  });
}

/** @param {string} row @param {readonly Column[]} columns */
function inWords(row, columns) {
  const numbers = row.split(' ');
  return columns
    .map(({ label, values }, i) => {
      const word = values === undefined ? numbers[i] : values[numbers[i] ?? ''];
      if (word === undefined) throw new Error(`the projection has no word for ${label} = ${numbers[i]}`);
      return `${label}=${word}`;
    })
    .join(' ');
}

/**
 * The peer of a measurement: depth first, exact, -O2 -DSAFETY -DNOREDUCE, one property as an assertion (none without a name).
 * @param {Question & { property?: string, reduce?: boolean }} question
 */
export function measure(question) {
  const { property, reduce = false } = question;
  const defines = { ...definesOf(question), ...(property === undefined ? {} : { PROPERTY: property }) };
  return inTemporaryFolder((cwd) => {
    const forGcc = ['-O2', '-DSAFETY', ...(reduce ? [] : ['-DNOREDUCE'])];
    const { states, transitions, seconds, output } = verify(question, defines, cwd, {
      forGcc,
      forPan: ['-m1000000'],
    });
    return { states, transitions, violated: /assertion violated/.test(output), seconds };
  });
}

/** @param {Question} question @param {string} property @returns {string[]} the acts of a shortest violation; none when it holds */
export function shortestActs(question, property) {
  const defines = { ...definesOf(question), PROPERTY: property };
  return inTemporaryFolder((cwd) => {
    const { output } = verify(question, defines, cwd, {
      forGcc: ['-O0', '-DSAFETY', '-DNOREDUCE', '-DBFS'],
    });
    if (!/assertion violated/.test(output)) return [];
    const trail = run('spin', ['-t', ...asArguments(defines), 'model.pml'], cwd).output;
    return [...trail.matchAll(/^ *act (.*)$/gm)].map(([, act = '']) => act);
  });
}

/**
 * What `spin -t` prints of a shortest violation in a model that was written whole; nothing when the property holds.
 * @param {string} source @param {string} property @returns {string}
 */
export function trailOf(source, property) {
  return inTemporaryFolder((cwd) => {
    writeFileSync(join(cwd, 'model.pml'), source);
    const define = `-DPROPERTY=${property}`;
    run('spin', ['-a', define, 'model.pml'], cwd);
    run('gcc', ['-w', '-O0', '-DSAFETY', '-DNOREDUCE', '-DBFS', '-o', 'pan', 'pan.c'], cwd);
    const { output } = run('./pan', ['-w20', '-m100000'], cwd);
    return /assertion violated/.test(output) ? run('spin', ['-t', define, 'model.pml'], cwd).output : '';
  });
}

/** @param {readonly string[]} words */
function main(words) {
  /** @param {string} name */
  const option = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
  const defines = Object.fromEntries(
    words.flatMap((word) => {
      const [, name, value = 1] = /^-D(\w+)(?:=(.*))?$/.exec(word) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
  const [model = ''] = words;
  const scope = option('--scope');
  const question = {
    model,
    profile: option('--profile') ?? 'linux-7.2',
    defines,
    hashBits: Number(option('--hash-bits') ?? 20),
    optimise: option('--optimise') ?? '-O0',
    ...(scope === undefined ? {} : { scope }),
  };
  const trail = option('--trail');
  if (trail !== undefined) {
    console.log(shortestActs(question, trail).join('\n') || `${trail} holds`);
  } else if (words.includes('--measure')) {
    console.log(JSON.stringify(measure(question), undefined, 2));
  } else {
    const { abstractStates, ...rest } = report(question);
    const states = words.includes('--states') ? abstractStates : abstractStates.length;
    console.log(JSON.stringify({ ...rest, abstractStates: states }, undefined, 2));
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2));
}
