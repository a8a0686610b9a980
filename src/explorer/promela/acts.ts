/** The acts that the models print, as lines of a scenario. */
import { gfnToGpa } from '../../abi/address';
import { hex } from '../../base/hex';
import { PSC_ENTRY_SIZE, PSC_HEADER_SIZE, PSC_MAX_ENTRIES, pscEntry, pscHeader } from '../../abi/psc';
import type { ApPages } from './ap';

/** `act guest create vcpu=1 page=2` in its parts. */
export interface Words {
  readonly actor: string;
  readonly verb: string;
  readonly args: ReadonlyMap<string, string>;
}

/** KVM_SET_MP_STATE's numbers in the model. */
const mpStates: Readonly<Record<string, string>> = {
  '0': 'RUNNABLE',
  '1': 'UNINITIALIZED',
  '2': 'INIT_RECEIVED',
  '3': 'HALTED',
  '4': 'SIPI_RECEIVED',
  '9': 'AP_RESET_HOLD',
};

/** No act of this model, or one that cannot be written. */
const NO_ACT = '?';

function creationLine({ args }: Words, verb: string, pages: ApPages): string {
  const [good = pages.untyped, second = good] = pages.good;
  const vcpu = args.get('vcpu');
  const request = (target: string, gpa: bigint, features = ''): string =>
    `v0 ${verb} target=${target} vmsa=${hex(gpa)}${features}`;
  if (vcpu === 'unknown') return request('9', good);
  if (vcpu === undefined) return NO_ACT;
  const features = { 'bit-5': ' features=0x21', 'bit-3': ' features=0x9' }[args.get('features') ?? ''];
  if (features !== undefined) return request(vcpu, good, features);
  switch (args.get('page')) {
    case '1':
      return request(vcpu, good);
    case '2':
      return request(vcpu, second);
    case 'no-slot':
      return request(vcpu, pages.noSlot);
    case 'untyped':
      return request(vcpu, pages.untyped);
    case 'misaligned':
      return request(vcpu, pages.misaligned);
    default:
      return NO_ACT;
  }
}

/** An act of `ap-lifecycle.pml`; nothing where a personality does it by itself. */
export function apLine(words: Words, pages: ApPages, isManual: boolean): string | undefined {
  const { actor, verb, args } = words;
  const vcpu = args.get('vcpu') ?? '';
  const state = mpStates[args.get('state') ?? ''];
  const immediate = args.get('immediate-exit') === '1' ? ' immediate-exit=yes' : '';
  switch (`${actor} ${verb}`) {
    case 'guest create':
      return creationLine(words, 'ap-create', pages);
    case 'guest create-on-init':
      return creationLine(words, 'ap-create-on-init', pages);
    case 'guest destroy':
      return `v0 ap-destroy target=${vcpu} features=0x1`;
    case 'guest init':
    case 'guest sipi':
      return `v0 ${verb} target=${vcpu}`;
    case 'guest unhalt':
      return `inject pv-unhalt vcpu=${vcpu}`;
    case 'guest hold-nae':
      return `v${vcpu} hold form=nae`;
    case 'guest hold-msr':
      return `v${vcpu} hold form=msr`;
    case 'guest hlt':
      return `v${vcpu} hlt`;
    case 'vmm run':
      return isManual ? `vmm run vcpu=${vcpu}${immediate}` : undefined;
    case 'vmm signal':
    case 'vmm get-mp-state':
      return `vmm ${verb} vcpu=${vcpu}`;
    case 'vmm set-mp-state':
      return state === undefined ? NO_ACT : `vmm set-mp-state vcpu=${vcpu} state=${state}`;
    case 'vmm create-vcpu':
      return 'vmm create-vcpu';
    case 'kvm wake':
      return `kvm wake vcpu=${vcpu}`;
    default:
      return NO_ACT;
  }
}

/** The buffer of vCPU 0's requests, the frames of the model's pages, and who writes the buffer. */
export interface PscBuffer {
  readonly at: bigint;
  readonly pages: readonly number[];
  readonly writer: number;
}

const ENTRIES = 3;

/** What the model prints for an index behind the last entry that fits. */
const BEYOND = 'beyond';

const store = ({ at, writer }: PscBuffer, offset: number, value: bigint): string =>
  `v${writer} write gpa=${hex(at + BigInt(offset))} private=no value=${hex(value)}`;

const entryAt = (index: number): number => PSC_HEADER_SIZE + PSC_ENTRY_SIZE * index;

const entry = (gfn: number, operation: number, { huge = false, done = 0 } = {}): bigint =>
  pscEntry.encode({ curPage: done, gfn, operation, pageSize: huge ? 1 : 0 });

/** The buffer as the model begins: every entry asks for the first page to be private. */
export const pscStart = (buffer: PscBuffer): readonly string[] => [
  store(buffer, 0, pscHeader.encode({ curEntry: 0, endEntry: 0 })),
  ...Array.from({ length: ENTRIES }, (_, index) =>
    store(buffer, entryAt(index), entry(buffer.pages[0] ?? 0, 1)),
  ),
];

/** What the models print for an operation; SMASH is one that KVM does not know. */
const operations: Readonly<Record<string, string>> = { '1': 'private', '2': 'shared', '3': 'psmash' };

/** An act of `psc.pml`; nothing where a personality does it by itself. */
export function pscLine(
  { actor, verb, args }: Words,
  buffer: PscBuffer,
  isManual: boolean,
): string | undefined {
  const count = (name: string): number =>
    /^\d{1,3}$/.test(args.get(name) ?? '') ? Number(args.get(name)) : -1;
  const gfn = buffer.pages[count('gfn')];
  const isHuge = args.get('size') === '2M';
  const immediate = args.get('immediate-exit') === '1' ? ' immediate-exit=yes' : '';
  switch (`${actor} ${verb}`) {
    case 'guest write-header': {
      const [curEntry, endEntry] = [
        count('cur'),
        args.get('end') === BEYOND ? PSC_MAX_ENTRIES : count('end'),
      ];
      return curEntry < 0 || endEntry < 0
        ? NO_ACT
        : store(buffer, 0, pscHeader.encode({ curEntry, endEntry }));
    }
    case 'guest write-entry': {
      const [index, op] = [count('n'), count('op')];
      if (gfn === undefined || index < 0 || op < 0) return NO_ACT;
      return store(
        buffer,
        entryAt(index),
        entry(gfn, op, { huge: isHuge, done: isHuge && count('cur-page') > 0 ? 511 : 0 }),
      );
    }
    case 'guest psc':
      return 'v0 psc';
    case 'guest psc-msr': {
      const op = operations[args.get('op') ?? ''];
      return gfn === undefined || op === undefined ? NO_ACT : `v0 msr-psc gfn=${hex(gfn)} op=${op}`;
    }
    case 'guest touch':
      return gfn === undefined
        ? NO_ACT
        : `v0 read gpa=${hex(gfnToGpa(gfn))} private=${args.get('private') === '1' ? 'yes' : 'no'}`;
    case 'guest pvalidate':
      return gfn === undefined
        ? NO_ACT
        : `v0 pvalidate gpa=${hex(gfnToGpa(gfn))} validate=${args.get('validate') === '1' ? 'yes' : 'no'}`;
    case 'vmm punch-hole':
      return gfn === undefined ? NO_ACT : `vmm punch-hole gfn=${hex(gfn)} n=1`;
    case 'vmm convert': {
      const n = count('pages');
      const isPrivate = args.get('private') === '1' ? 'yes' : 'no';
      if (!isManual) return undefined;
      return gfn === undefined || n < 1
        ? NO_ACT
        : `vmm set-attributes gfn=${hex(gfn)} n=${n} private=${isPrivate}`;
    }
    case 'vmm set-attributes':
      return gfn === undefined
        ? NO_ACT
        : `vmm set-attributes gfn=${hex(gfn)} n=1 private=${args.get('private') === '1' ? 'yes' : 'no'}`;
    case 'vmm answer':
      return isManual ? `vmm answer vcpu=0 ret=${count('ret')}` : undefined;
    case 'vmm run':
      return isManual ? `vmm run vcpu=0${immediate}` : undefined;
    case 'vmm enable-exits':
      return `vmm hypercall-exits mask=${args.get('value') === '1' ? '0x1000' : '0x0'}`;
    default:
      return NO_ACT;
  }
}
