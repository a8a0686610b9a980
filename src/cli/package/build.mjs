// @ts-check
/** `npm pack` runs this first: the command and the engine as one bundle in `lib/`, with declarations. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { buildCommandLine } from '../launcher/build.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const lib = join(root, 'lib');
const entry = 'src/cli/package/index.ts';

/** The entry's types stand in it alone, so its declarations need no other file. */
function declarations() {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(readFileSync(join(root, entry), 'utf8'), {
    fileName: entry,
    reportDiagnostics: true,
    compilerOptions: { isolatedDeclarations: true, declaration: true, target: ts.ScriptTarget.ES2022 },
  });
  const [wrong] = diagnostics;
  if (wrong) throw new Error(`${entry}: ${ts.flattenDiagnosticMessageText(wrong.messageText, '\n')}`);
  return outputText;
}

rmSync(lib, { recursive: true, force: true });
await buildCommandLine(root, lib, { vmgexit: 'src/cli/main.ts', index: entry });
writeFileSync(join(lib, 'index.d.mts'), declarations());
chmodSync(join(lib, 'vmgexit.mjs'), 0o755);
