import DOMPurify from 'dompurify';
import fc from 'fast-check';
import mermaid from 'mermaid';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { runs, sampled } from '../testing/effort';
import { anyScenario } from '../testing/scenarios/any-scenario';
import { exportedFrom, shipped, shippedFiles } from '../testing/exports/exported';
import { mermaidText } from './mermaid';

// Without a DOM there is nothing that cleans labels; the grammar does not need it. This file runs alone.
Object.assign(DOMPurify, { sanitize: (text: string) => text, addHook: () => undefined });

test.each(sampled(shippedFiles, 8))('%s: Mermaid reads the diagram of all its profiles', async (file) => {
  const scenario = shipped(file);
  await expect(mermaid.parse(finish(mermaidText(exportedFrom(scenario))))).resolves.toMatchObject({
    diagramType: 'sequence',
  });
});

test('Mermaid reads the diagram of any scenario', async () => {
  await fc.assert(
    fc.asyncProperty(anyScenario, async (scenario) => {
      const text = finish(mermaidText(exportedFrom(scenario, ['part2-v4', 'linux-7.2'])));
      await expect(mermaid.parse(text), text).resolves.toMatchObject({ diagramType: 'sequence' });
    }),
    { numRuns: runs(20) },
  );
});

test.each([
  'end',
  'wrap: x',
  'a; b # c %% d',
  '<script>',
  'title: x',
  '->> y',
  '`"\\',
  'Ünïcode 漢 😀',
  'alt x',
])('a title that is %s stays a title', async (title) => {
  const scenario = { lines: [{ kind: 'title', text: title }, { kind: 'launch' }] } as const;
  const text = finish(mermaidText(exportedFrom(scenario, ['linux-7.2', 'linux-6.12'])));
  await expect(mermaid.parse(text)).resolves.toMatchObject({ diagramType: 'sequence' });
  expect(text.split('\n')[1]).toMatch(/^ {2}title: /);
});

test('runs that do the same in every step are drawn as one is, their launch in one line', () => {
  const drawn = (specs: string[]) => finish(mermaidText(exportedFrom(shipped('psc-batch.ghcb'), specs)));
  const two = drawn(['linux-7.2', 'linux-6.12']);
  expect(two).toBe(drawn(['linux-7.2']));
  expect(two).toMatch(/\n {2}v0->>KVM: \d+ /);
  expect(two).toMatch(/\n {2}Note over v0,PSP: launch standard {1,2}\(61 steps\)\n/);
});

test('what runs do alike is drawn once, and each group has a branch where they differ', () => {
  const specs = ['linux-7.2', 'linux-7.2:ap.doubleCreate=reject'];
  const text = finish(mermaidText(exportedFrom(shipped('ap-create-on-init-then-create.ghcb'), specs)));
  expect(text).toContain('  participant v1 as vCPU 1\n  participant KVM as KVM');
  expect(text.match(/^ {2}v0->>KVM: 92 AP_CREATION CREATE v1 VMSA 0x122000$/gm)).toHaveLength(1);
  expect(text).toMatch(/Note over v0,PSP: Step 93: they differ\n {2}alt A linux-7\.2\n/);
  expect(text).toMatch(
    /\n {2}else B linux-7\.2:ap\.doubleCreate=reject\n(.*\n)*? {2}v0-xKVM: 95 malformed input/,
  );
});
