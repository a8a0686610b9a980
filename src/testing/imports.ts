/** What the files under `src` import, read from their syntax: for the tests that hold the structure of the source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

/** The folder `src`. */
export const sourceRoot = join(import.meta.dirname, '..');

/** Every source file below a folder of `src`, with `/` between folders. */
export const sourceFiles: readonly string[] = readdirSync(sourceRoot, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.includes('/') && /\.(ts|js|svelte)$/.test(file));

/** The text of a source file. */
export const textOf = (file: string): string => readFileSync(join(sourceRoot, file), 'utf8');

/** The syntax tree of a file: of a component, the one of its scripts. */
export function parse(file: string, text: string): ts.SourceFile {
  const scripts = [...text.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map((script) => script[1]);
  const code = file.endsWith('.svelte') ? scripts.join('\n') : text;
  return ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, true);
}

export const isTest = (file: string): boolean => file.endsWith('.test.ts');

/** Whether an import names a file of this source and no package. */
export const isLocal = (from: string): boolean => /^\.{1,2}(\/|$)/.test(from);

/** The path below `src` that a local import names, without its query; `..` first when it lies outside. */
export const targetOf = (file: string, from: string): string =>
  posix.join(posix.dirname(file), from.replace(/\?.*$/, ''));

/** One place where a file names another module. */
export interface Import {
  node: ts.Node;
  from: string;
  /** The imported names; undefined for the whole module. */
  names: string[] | undefined;
}

/** `import` or `import.meta.glob`. The text of every callee would take most of the time. */
const isImporting = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword ||
  (ts.isPropertyAccessExpression(callee) &&
    callee.name.text === 'glob' &&
    ts.isMetaProperty(callee.expression));

/** Every way in which a file can name another: import, export from, import(), import type, glob, worker URL. */
export function importOf(node: ts.Node): Import | undefined {
  const of = (from: ts.Node | undefined, names?: string[]) =>
    from && ts.isStringLiteralLike(from) ? { node, from: from.text, names } : undefined;
  if (ts.isImportDeclaration(node)) {
    const bindings = node.importClause?.namedBindings;
    const named = bindings && ts.isNamedImports(bindings) ? bindings.elements : undefined;
    return of(
      node.moduleSpecifier,
      named?.map((element) => (element.propertyName ?? element.name).text),
    );
  }
  if (ts.isExportDeclaration(node)) return of(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return of(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined);
  if (ts.isCallExpression(node) && isImporting(node.expression)) return of(node.arguments[0]);
  if (ts.isNewExpression(node) && node.arguments?.[1]?.getText() === 'import.meta.url')
    return of(node.arguments[0]);
  return undefined;
}

/** All nodes below one, itself first, in the order of the text. */
export function everyNode(root: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node) => {
    nodes.push(node);
    node.forEachChild(visit);
  };
  visit(root);
  return nodes;
}

/** The files that each file imports by a path of its own; a glob names none. */
export function importGraph(
  files: readonly string[] = sourceFiles,
  read: (file: string) => string = textOf,
): ReadonlyMap<string, readonly string[]> {
  const known = new Set(files);
  const resolve = (target: string): string | undefined =>
    [target, `${target}.ts`, `${target}.svelte.ts`].find((candidate) => known.has(candidate));
  return new Map(
    files.map((file) => {
      const imports = everyNode(parse(file, read(file))).flatMap((node) => importOf(node) ?? []);
      const targets = imports
        .filter(({ from }) => isLocal(from))
        .flatMap(({ from }) => resolve(targetOf(file, from)) ?? []);
      return [file, [...new Set(targets)]] as const;
    }),
  );
}
