import { assert } from '../../base/assert';
import { parseProfileSpec } from '../../profiles/resolve';
import type { Act, GuestAct, VmmAct } from '../../engine/acts';
import { moveText } from '../../engine/moves';
import { perform } from '../../engine/perform';
import { World, type Recorder } from '../../engine/world';

/** A world driven by acts, for unit tests. */
export class Run {
  readonly world: World;
  steps: string[] = [];
  /** @param spec a profile as the command line writes it */
  constructor(spec = 'linux-7.2', vcpus = 2) {
    const profile = parseProfileSpec(spec);
    assert(profile.ok, `${spec} is a profile`);
    this.world = new World({ vcpus, gfnCount: 0x400, gmemPages: 0x400 }, profile.value);
    const recorder: Recorder = {
      transition: () => {},
      facet: () => {},
      finding: () => {},
      move: (kind, vcpu, args) => void this.steps.push(moveText({ kind, vcpu, args })),
    };
    this.world.recorder = recorder;
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
  initialised(): this {
    return this.vmm('create-vm', {})
      .vmm('memslot', { gfn: 0, n: 0x400 })
      .vmm('set-attributes', { gfn: 0, n: 0x400, private: true })
      .vmm('init2', {});
  }
  started({ vcpus }: { vcpus: number }): this {
    this.initialised();
    for (let i = 0; i < vcpus; i++) this.vmm('create-vcpu', {});
    return this.vmm('launch-start', {});
  }
  /** Launched with one page of type NORMAL, and vCPU 0 in the guest. */
  running({ vcpus = 1 }: { vcpus?: number } = {}): this {
    this.started({ vcpus }).vmm('launch-update', { gfn: 0, type: 'normal' });
    return this.vmm('launch-finish', {}).vmm('run', { vcpu: 0 });
  }
  guest<V extends GuestAct['verb']>(verb: V, args: Extract<GuestAct, { verb: V }>['args'], vcpu = 0): this {
    return this.act({ actor: 'guest', vcpu, verb, args } as Act);
  }
  /** What the last ioctl returned. */
  get ret(): number {
    return this.world.vm.ioctlRet;
  }
}
