import { builtinModules } from 'node:module';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import {
  everyNode,
  importOf,
  isLocal,
  isTest,
  parse,
  sourceFiles,
  targetOf,
  textOf,
  type Import,
} from './testing/imports';

/** A file imports only from its own layer or from one to its left, types included. */
const layers = [
  'base',
  'abi',
  'profiles',
  'machines',
  'engine',
  'scenarios',
  'recording',
  'traces',
  'explorer',
  'drawings',
  'exports',
  'lessons',
  'views',
  'app',
];
const views = layers.indexOf('views');
const drawings = layers.indexOf('drawings');

/** Globals that would let something other than the acts decide what the model does. */
const forbidden: Record<string, { why: string; inTests: boolean; names: RegExp }> = {
  dom: {
    why: 'is the DOM',
    inTests: true,
    names:
      /^(document|window|self|navigator|location|history|localStorage|sessionStorage|indexedDB|fetch|XMLHttpRequest|WebSocket|Worker|postMessage|customElements|alert|requestAnimationFrame|cancelAnimationFrame|(HTML|SVG)\w*Element)$/,
  },
  clock: {
    why: 'is a clock or a timer',
    inTests: false,
    names: /^(Date|performance|setTimeout|setInterval|setImmediate|requestIdleCallback)$/,
  },
  randomness: { why: 'is randomness', inTests: false, names: /^(Math\.random|crypto)$/ },
  node: { why: 'exists in Node only', inTests: false, names: /^(process|Buffer|require|__dirname)$/ },
};

const domPackages = /^(svelte|@sveltejs\/.*|idb|@codemirror\/.*|@statelyai\/inspect|axe-core)$/;
const impureD3Modules =
  'd3-axis d3-brush d3-drag d3-fetch d3-force d3-random d3-selection d3-timer d3-transition d3-zoom';
const impureD3Names = new Set(
  (
    await Promise.all(
      impureD3Modules.split(' ').map(async (name) => Object.keys((await import(name)) as object)),
    )
  ).flat(),
);

/** The name of a global that this node uses: `document`, `Math.random`, `globalThis.document`. */
function globalOf(node: ts.Node, declared: Set<string>): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const { expression, name } = node;
    if (!ts.isIdentifier(expression)) return undefined;
    if (expression.text === 'Math' && name.text === 'random') return 'Math.random';
    return expression.text === 'globalThis' ? name.text : undefined;
  }
  if (!ts.isIdentifier(node) || declared.has(node.text)) return undefined;
  const parent = node.parent as ts.Node & { name?: ts.Node; propertyName?: ts.Node; right?: ts.Node };
  const isOnlyAName = parent.name === node || parent.propertyName === node;
  if (isOnlyAName && !ts.isShorthandPropertyAssignment(parent)) return undefined;
  return ts.isQualifiedName(parent) && parent.right === node ? undefined : node.text;
}

function declaresName(node: ts.Node): node is ts.Identifier {
  const parent = node.parent as (ts.Node & { name?: ts.Node }) | undefined;
  if (!parent || !ts.isIdentifier(node) || parent.name !== node) return false;
  return (
    ts.isVariableDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isBindingElement(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isClassDeclaration(parent) ||
    ts.isTypeAliasDeclaration(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isImportClause(parent)
  );
}

/**
 * The rank of a file. `cli` stands beside views and app: it may import all that is left of them, and no one may import
 * it. A helper of tests under `testing/<layer>/` has the rank of that layer, one that stands flat has none of the domain.
 */
function rankOf(file: string): number {
  const [first = '', second = '', third] = file.split('/');
  if (first === 'cli') return views - 0.5;
  if (first !== 'testing') return layers.indexOf(first);
  return third === undefined || second === 'corpus' ? 0 : layers.indexOf(second);
}
const isTesting = (file: string): boolean => file.startsWith('testing/');

/** Where the engine stands: a floor imports itself and those after it. */
const floors: readonly (readonly string[])[] = [
  ['perform', 'perform-found', 'enabled-acts', 'observe', 'reviewer-view'],
  ['guest', 'vmm', 'inject', 'invariants'],
  ['kvm'],
  ['guest-state', 'page-class'],
  ['firmware', 'hardware'],
  ['frames', 'faults', 'handlers'],
  ['world'],
  ['state', 'memory', 'acts', 'moves', 'rules'],
];
const floorOf = (file: string): number =>
  floors.findIndex((names) => names.includes((file.split('/')[1] ?? '').replace(/\.ts$/, '')));

function checkFloors(file: string, target: string): string | undefined {
  if (isTest(file)) return undefined;
  const [own, other] = [floorOf(file), floorOf(target)];
  if (own < 0) return `but ${file} stands on no floor of the engine`;
  if (other < 0) return `but ${target} stands on no floor of the engine`;
  return own <= other ? undefined : `but ${target} stands on a higher floor of the engine`;
}

function checkLocalImport(file: string, from: string): string | undefined {
  const target = targetOf(file, from);
  if (target.startsWith('..'))
    return /^\.\.\/(public\/|package\.json$)/.test(target) ? undefined : 'which is outside src';
  const [own, other] = [file.split('/')[0] ?? '', target.split('/')[0] ?? ''];
  if (other === 'testing' && !isTest(file) && !isTesting(file)) return 'which is for tests only';
  if (own === other) return own === 'engine' ? checkFloors(file, target) : undefined;
  if (other === 'cli') return 'and nothing imports cli';
  if (rankOf(target) < 0) return `but ${other} is no layer`;
  const mayBeEqual = isTesting(file) || isTesting(target);
  if (rankOf(target) < rankOf(file) || (mayBeEqual && rankOf(target) === rankOf(file))) return undefined;
  return `but ${other} is not left of ${own}`;
}

function checkPackageImport(file: string, { from, names }: Import): string | undefined {
  const layer = file.split('/')[0] ?? '';
  const rank = rankOf(file);
  if (rank >= views) return undefined;
  if (domPackages.test(from) || from.startsWith('svelte/')) return 'which belongs to views and app';
  const isNode = from.startsWith('node:') || builtinModules.includes(from);
  if (isNode && layer !== 'cli' && !isTest(file) && !isTesting(file)) return 'which exists in Node only';
  if (!/^d3(-|$)/.test(from)) return undefined;
  if (rank < drawings) return 'but D3 starts at drawings';
  if (impureD3Modules.split(' ').includes(from)) return 'which is not pure';
  if (from === 'd3' && !names) return 'as a whole: import the functions by name, so that it tree-shakes';
  const impure = names?.find((name) => impureD3Names.has(name));
  return impure && `whose ${impure} is not pure`;
}

/** What a file does that its layer must not, each with its line. */
function trespasses(file: string, text: string): string[] {
  const layer = file.split('/')[0] ?? '';
  if (rankOf(file) < 0) return [`${file}: stands in no layer`];
  const source = parse(file, text);
  const nodes = everyNode(source);
  const declared = new Set(nodes.filter(declaresName).map((node) => node.text));
  const found: string[] = [];
  const note = (node: ts.Node, what: string) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push(`${file}:${line}: ${what}`);
  };
  for (const node of nodes) {
    const imported = importOf(node);
    if (imported) {
      const trouble = isLocal(imported.from)
        ? checkLocalImport(file, imported.from)
        : checkPackageImport(file, imported);
      if (trouble) note(node, `imports '${imported.from}', ${trouble}`);
    }
    if (layer === 'cli' || isTesting(file) || rankOf(file) >= views) continue;
    const name = globalOf(node, declared);
    const rules = Object.values(forbidden).filter(({ inTests }) => inTests || !isTest(file));
    const rule = name === undefined ? undefined : rules.find(({ names }) => names.test(name));
    if (rule) note(node, `uses ${name}, which ${rule.why}`);
  }
  return found;
}

test('every file imports only from its own layer or to its left, and the model is pure', () => {
  expect(sourceFiles.flatMap((file) => trespasses(file, textOf(file)))).toEqual([]);
});

describe('the check itself', () => {
  test.each([
    ['abi/msr.ts', "import { hex } from '../base/hex'"],
    ['cli/main.ts', "import { perform } from '../engine/perform'; import { readFileSync } from 'node:fs'"],
    ['abi/msr.test.ts', "import { readFileSync } from 'node:fs'; setTimeout(() => Date.now(), 1)"],
    ['engine/run.ts', 'const window = [1]; take(window, page.document, { location: 1 })'],
    ['engine/run.ts', '// document.title, Date.now()\nconst text = "window.open"'],
    ['drawings/ladder.ts', "import { scaleLinear, line } from 'd3'"],
    ['app/App.svelte', '<script lang="ts">import Ladder from \'../views/ladder/Ladder.svelte\'</script>'],
    ['app/lessons.ts', "const all = import.meta.glob('../../public/lessons/*.md')"],
  ])('%s may say: %s', (file, text) => {
    expect(trespasses(file, text)).toEqual([]);
  });

  test.each([
    ['abi/msr.ts', "import type { World } from '../engine/world'", 'engine is not left of abi'],
    ['abi/msr.ts', "export * from '../profiles/all'", 'profiles is not left of abi'],
    ['abi/msr.ts', "type W = import('../engine/world').World", 'engine is not left of abi'],
    [
      'engine/run.test.ts',
      "const { run } = await import('../scenarios/run')",
      'scenarios is not left of engine',
    ],
    ['explorer/pool.ts', "new URL('../app/worker.ts', import.meta.url)", 'app is not left of explorer'],
    [
      'views/Ladder.svelte',
      "<script>import { session } from '../app/session'</script>",
      'app is not left of views',
    ],
    ['views/tool.ts', "import { print } from '../cli/print'", 'nothing imports cli'],
    ['cli/main.ts', "import Ladder from '../views/Ladder.svelte'", 'views is not left of cli'],
    ['cli/main.ts', "import { session } from '../app/session'", 'app is not left of cli'],
    ['abi/msr.ts', "import { misc } from '../misc/misc'", 'misc is no layer'],
    ['abi/msr.ts', "import { test } from '../../e2e/test'", 'outside src'],
    ['misc/misc.ts', '', 'stands in no layer'],
    ['engine/run.ts', "import { tick } from 'svelte'", 'belongs to views and app'],
    ['recording/file.ts', "import { openDB } from 'idb'", 'belongs to views and app'],
    ['engine/run.ts', "import { readFileSync } from 'node:fs'", 'Node only'],
    ['engine/run.ts', 'process.exit(1)', 'uses process'],
    ['engine/run.ts', 'document.title = "x"', 'uses document'],
    ['engine/run.ts', 'globalThis.window', 'uses window'],
    ['engine/run.test.ts', 'window.open()', 'uses window'],
    ['engine/run.ts', 'let root: HTMLDivElement', 'uses HTMLDivElement'],
    ['engine/run.ts', '\nconst now = Date.now()', 'engine/run.ts:2: uses Date, which is a clock'],
    ['engine/run.ts', 'performance.now()', 'uses performance'],
    ['engine/run.ts', 'new Date()', 'uses Date'],
    ['engine/run.ts', 'setTimeout(f, 1)', 'uses setTimeout'],
    ['engine/run.ts', 'Math.random()', 'uses Math.random'],
    ['engine/run.ts', 'crypto.randomUUID()', 'uses crypto'],
    ['explorer/run.ts', "import { scaleLinear } from 'd3'", 'D3 starts at drawings'],
    ['drawings/ladder.ts', "import { select } from 'd3'", 'select is not pure'],
    ['drawings/ladder.ts', "import { zoom } from 'd3-zoom'", 'not pure'],
    ['drawings/ladder.ts', "import * as d3 from 'd3'", 'by name'],
  ])('%s may not say: %s', (file, text, complaint) => {
    expect(trespasses(file, text).join('\n')).toContain(complaint);
  });
});
