/** Small scenarios that say of each generation what it does: for unit tests. */
import { expect, test } from 'vitest';
import { profileIds } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import { appliesTo } from '../../scenarios/expect';
import { memoryTape } from '../../scenarios/memory-tape';
import { parseScenario, problemText } from '../../scenarios/parse';
import { printLine } from '../../scenarios/print';
import { runScenario } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';

/** Where a cell begins: the machine, and the lines before its own. */
export interface Start {
  readonly vcpus: number;
  readonly lines: string;
}

/** What happens, where it begins, and its lines with `?` expectations, each about the generations that a source tells of. */
export type Cell = readonly [title: string, start: Start, lines: string];

/** No VM yet. */
export const fresh: Start = { vcpus: 1, lines: '' };

/** Two slots, all of it registered and private; neither a vCPU nor LAUNCH_START yet. */
export const initialised: Start = {
  vcpus: 3,
  lines: `
vmm create-vm
vmm memslot gfn=0x0 n=0x400
vmm memslot gfn=0x400 n=0x100
vmm init2
vmm register-region gfn=0x0 n=0x500
vmm set-attributes gfn=0x0 n=0x500 private=yes
`,
};

const launched = 'launch standard\nv0 register-ghcb gpa=0x3f0000\n';
/** After LAUNCH_FINISH, with a registered GHCB page. */
export const launchedOne: Start = { vcpus: 1, lines: launched };
export const launchedTwo: Start = { vcpus: 2, lines: launched };
/** vCPU 1 ran once on its launch VMSA and waits in an AP reset hold. */
export const held: Start = {
  vcpus: 2,
  lines: `${launched}v0 init-sipi target=1\nvmm run vcpu=1\nv1 hold form=msr\n`,
};

/** An SEV-ES guest without SNP. */
export const seves: Start = {
  vcpus: 1,
  lines: `
vmm create-vm type=seves
vmm memslot gfn=0x0 n=0x400 backing=none
vmm init2
vmm create-vcpu
vmm assume-es-launch
vmm run vcpu=0
`,
};

function scenarioOf([title, { vcpus, lines: before }, lines]: Cell): Scenario {
  const body = `${before}${lines}`.replaceAll(/^\?/gm, '  ?').trimEnd();
  const head = `title ${title}\nvm vcpus=${vcpus} memory=8M\nguest manual\nhost manual`;
  const parsed = parseScenario(`ghcb-scenario 1\n${head}\n${body}\nend ghcb-scenario\n`);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

/** One test for each cell and each generation of which it says something; every cell must say something. */
export function generationTests(cells: readonly Cell[]): void {
  for (const cell of cells) {
    const scenario = scenarioOf(cell);
    const told = profileIds.filter((id) =>
      scenario.lines.some((line) => line.kind === 'expect' && appliesTo(line, id)),
    );
    test(`${cell[0]}: is told of some generation`, () => expect(told).not.toEqual([]));
    test.each(told)(`${cell[0]}: %s`, (id) => {
      const { expectations, problems } = runScenario(scenario, profile(id), memoryTape);
      const failed = expectations.filter(({ ok }) => !ok);
      const words = failed.map(({ line, actual }) => {
        const expected = scenario.lines[line];
        return `${expected ? printLine(expected).join(' ').trim() : ''} -- it is ${actual}`;
      });
      expect([...words, ...problems.map(({ message }) => message)]).toEqual([]);
    });
  }
}
