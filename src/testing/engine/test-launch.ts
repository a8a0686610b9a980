import { parseProfileSpec } from '../../profiles/resolve';
import type { Act, VmmAct } from '../../engine/acts';
import { pageState } from '../../engine/hardware/rmp';
import { moveText } from '../../engine/moves';
import { perform } from '../../engine/perform';
import { World, type Recorder } from '../../engine/world';

/** For unit tests: a VM under a profile, at the point where pages are added: frames 0 to 0x3ff are one memory slot. */
export class Launch {
  readonly world: World;
  readonly findings: string[] = [];
  steps: string[] = [];
  constructor(spec: string, vcpus = 0) {
    const profile = parseProfileSpec(spec);
    if (!profile.ok) throw new Error(profile.error.message);
    this.world = new World({ vcpus: 3, gfnCount: 0x400, gmemPages: 0x400 }, profile.value);
    this.world.recorder = {
      transition: () => {},
      facet: () => {},
      finding: (kind, text) => void this.findings.push(`${kind}: ${text}`),
      move: (kind, vcpu, args) => void this.steps.push(moveText({ kind, vcpu, args })),
    } satisfies Recorder;
    this.vmm('create-vm', {}).vmm('init2', {}).vmm('memslot', { gfn: 0, n: 0x400 });
    for (let i = 0; i < vcpus; i++) this.vmm('create-vcpu', {});
    this.vmm('set-attributes', { gfn: 0, n: 0x400, private: true }).vmm('launch-start', {});
  }
  act(act: Act): this {
    this.steps = [];
    const outcome = perform(this.world, act);
    if (outcome) this.steps.push(`refused: ${outcome.says}`);
    return this;
  }
  vmm<V extends VmmAct['verb']>(verb: V, args: Extract<VmmAct, { verb: V }>['args']): this {
    return this.act({ actor: 'vmm', verb, args } as Act);
  }
  failing(command: bigint, status: bigint, nth = 1): this {
    return this.act({ actor: 'inject', verb: 'firmware', args: { command, status, nth } });
  }
  get ret(): number {
    return this.world.vm.ioctlRet;
  }
  get error(): number {
    return this.world.vm.ioctlError;
  }
  pages(...pfns: number[]): string[] {
    return pfns.map((pfn) => pageState(this.world, pfn));
  }
}
