/** KVM_PRE_FAULT_MEMORY of a vCPU, as the vectors of kind `fault` have it for Linux 6.12, 7.2 and 7.3; never from a run. */
import { generationTests, launchedOne, type Cell } from '../../testing/scenarios/cells';

const executed = ['@linux-6.12', '@linux-7.*'].join(' ');
/** vCPU 0 is out of KVM_RUN. */
const out = 'vmm signal vcpu=0\n';

const cells: readonly Cell[] = [
  [
    'a private page is allocated, made private and mapped',
    launchedOne,
    `${out}vmm set-attributes gfn=0x200 n=1 private=yes
vmm pre-fault gfn=0x200 n=1 vcpu=0
? ${executed} ioctl.ret == 0
? ${executed} page.0x200.rmp == Guest-Invalid
? ${executed} vm.preFaultSize == 0
? ${executed} vm.preFaultGpa == 0x201000
`,
  ],
  [
    'a shared page gets its shared mapping, and the RMP stays as it is',
    launchedOne,
    `${out}vmm set-attributes gfn=0x200 n=1 private=no
vmm pre-fault gfn=0x200 n=1 vcpu=0
? ${executed} ioctl.ret == 0
? ${executed} page.0x200.rmp == Hypervisor
? ${executed} moves.rmpUpdate == 0
`,
  ],
  [
    'no slot: -ENOENT where nothing was done',
    launchedOne,
    `${out}vmm set-attributes gfn=0x3ff n=1 private=no
vmm pre-fault gfn=0x900 n=1 vcpu=0
? ${executed} ioctl.ret == -ENOENT
? ${executed} vm.preFaultSize == 0x1000
`,
  ],
  [
    'an allocation fails at the second page: success, and the struct says what is left',
    launchedOne,
    `${out}vmm set-attributes gfn=0x200 n=3 private=yes
inject allocation what=gmem nth=2
vmm pre-fault gfn=0x200 n=3 vcpu=0
? ${executed} ioctl.ret == 0
? ${executed} vm.preFaultGpa == 0x201000
? ${executed} vm.preFaultSize == 0x2000
? ${executed} v0.exit == MEMORY_FAULT
? ${executed} v0.run.memory_fault.gpa == 0x201000
? ${executed} v0.run.memory_fault.flags == 8
vmm pre-fault gfn=0x201 n=2 vcpu=0
? ${executed} ioctl.ret == 0
? ${executed} vm.preFaultSize == 0
`,
  ],
  [
    'an RMPUPDATE fails at the first page: -EINVAL',
    launchedOne,
    `${out}vmm set-attributes gfn=0x200 n=2 private=yes
inject rmpupdate code=1
vmm pre-fault gfn=0x200 n=2 vcpu=0
? ${executed} ioctl.ret == -EINVAL
? ${executed} vm.preFaultSize == 0x2000
`,
  ],
  [
    'a size of 0 is refused, and so is a range that wraps',
    launchedOne,
    `${out}vmm pre-fault gfn=0x200 n=0 vcpu=0
? ${executed} ioctl.ret == -EINVAL
`,
  ],
  [
    'a signal is pending: -EINTR',
    launchedOne,
    `${out}vmm signal vcpu=0
vmm set-attributes gfn=0x200 n=1 private=yes
vmm pre-fault gfn=0x200 n=1 vcpu=0
? ${executed} ioctl.ret == -EINTR
`,
  ],
];

generationTests(cells);
