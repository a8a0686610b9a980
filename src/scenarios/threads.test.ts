/** Threads of the VMM in scenario text: who calls, who waits, and what goes on by itself. */
import { describe, expect, test } from 'vitest';
import { profile, type ProfileName } from '../profiles/resolve';
import { memoryTape } from './memory-tape';
import { observe } from '../engine/observe';
import { parseScenario } from './parse';
import { printScenario } from './print';
import { runScenario, type Run } from './run';

const textOf = (lines: string): string =>
  `ghcb-scenario 1\nvm      vcpus=2 memory=4M\nguest   manual\nhost    manual\n${lines}end ghcb-scenario\n`;
function run(lines: string, id: ProfileName = 'linux-7.2'): Run {
  const parsed = parseScenario(textOf(lines));
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return runScenario(parsed.scenario, profile(id), memoryTape);
}
const seen = ({ timeline }: Run, name: string): unknown => {
  const found = observe(timeline.world, name);
  return 'value' in found ? found.value : found.message;
};

const launching = `vmm     create-vm
vmm     memslot gfn=0x0 n=0x400
vmm     init2
vmm     launch-start
vmm     create-vcpu
vmm     create-vcpu
vmm     run vcpu=1
`;
const running = 'launch  standard\n';

describe('a line of the VMM', () => {
  test('names its thread, and prints back', () => {
    const text = textOf(`${running}vmm     set-mp-state vcpu=0 state=HALTED thread=main\n`);
    const parsed = parseScenario(text);
    expect(parsed.ok && printScenario(parsed.scenario)).toBe(text);
  });

  test.each(['thread=v64', 'thread=2', 'thread=kvm'])('%s names no thread', (word) => {
    const parsed = parseScenario(textOf(`vmm     create-vm ${word}\n`));
    expect(!parsed.ok && parsed.problems[0]?.expected).toBe('one of main, v0, v1 to v63');
  });

  test('of a thread that this VMM does not have is refused', () => {
    const { lines } = run('vmm     create-vm thread=v2\n');
    expect(lines.at(-1)?.refused).toBe('the VMM has no thread v2');
  });

  test('of a thread that waits is refused with the lock and its holder', () => {
    const { lines } = run(`${launching}vmm     launch-finish\nvmm     launch-finish\n`);
    expect(lines.at(-1)?.refused).toBe(
      'thread main waits in KVM_SEV_SNP_LAUNCH_FINISH for the mutex of v1, held by KVM_RUN of v1 on thread v1',
    );
  });

  test('without a thread is, for an ioctl of a vCPU, of the thread that runs it', () => {
    const { lines } = run(`${running}vmm     vcpu-state vcpu=0 what=regs op=get\n`);
    expect(lines.at(-1)?.refused).toBe('thread v0 is in KVM_RUN of v0 and holds its mutex');
  });
});

describe('a call that waits', () => {
  test('goes on by itself when the holder returns', () => {
    const first = run(`${launching}vmm     launch-finish\nvmm     signal vcpu=1\n`);
    expect([seen(first, 'vm.gstate'), seen(first, 'thread.main.waitsFor')]).toEqual(['RUNNING', 'nothing']);
  });

  test('goes on where the text says so, if the text schedules', () => {
    const lines = `${launching}vmm     launch-finish\nvmm     signal vcpu=1\nkvm     wake vcpu=1\n`;
    expect(seen(run(lines), 'vm.gstate')).toBe('LAUNCH');
    expect(seen(run(`${lines}kvm     continue thread=main\n`), 'vm.gstate')).toBe('RUNNING');
  });

  test('ends with the VMM', () => {
    const first = run(`${launching}vmm     launch-finish\nvmm     run vcpu=0\nvmm     kill\n`);
    expect([seen(first, 'vm.exists'), seen(first, 'host.asidsOwned')]).toEqual([false, 0]);
  });

  test('two of them go on in the order in which they came', () => {
    const first = run(`${running}vmm     signal vcpu=1
vmm     set-mp-state vcpu=0 state=HALTED thread=v1
vmm     get-mp-state vcpu=0 thread=main
vmm     signal vcpu=0
`);
    const went = first.timeline.acts.flatMap(({ act }) => (act.verb === 'continue' ? [act.args.thread] : []));
    expect(went).toEqual(['v1', 'main']);
    expect([seen(first, 'v0.mpState'), seen(first, 'thread.v1.call')]).toEqual(['HALTED', 'none']);
  });
});

describe('kernels that differ', () => {
  const takesMutexes: readonly ProfileName[] = ['linux-7.2', 'linux-7.3'];
  test.each([
    ...['part2-v4', 'part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.12', 'linux-6.17'],
    ...takesMutexes,
  ] as const)('%s: LAUNCH_FINISH while a vCPU is in the guest', (id) => {
    const first = run(`${running}vmm     launch-finish\n`, id);
    expect(seen(first, 'thread.main.waitsFor')).toBe(takesMutexes.includes(id) ? 'vcpuMutex' : 'nothing');
  });

  test.each([
    ['linux-6.11', 'oopsed'],
    ['linux-6.12', 'alive'],
    ['linux-6.17', 'oopsed'],
    ['linux-7.2', 'alive'],
    ['linux-7.3', 'alive'],
  ] as const)('%s: a batch of no length behind the GHCB page leaves its thread %s', (id, fate) => {
    const first = run(`${running}v0      psc entries=private:0x100+30 end=200 scratch=0x3f0808\n`, id);
    expect([seen(first, 'thread.v0.fate'), seen(first, 'v0.run')]).toEqual([
      fate,
      fate === 'alive' ? 'inGuest' : 'inKvm',
    ]);
  });
});
