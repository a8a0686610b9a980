/**
 * KVM_RUN as a whole: signals, requests, INIT and SIPI, and a VM that dies. What Linux 6.12, 7.2 and 7.3 do was executed;
 * it is written here as the vectors of kind `runLoop` have it, never from a run. What several threads or vCPUs do to each
 * other was read in 6.12.117 and 7.2.13.
 */
import { generationTests, held, launchedTwo, type Cell } from '../../testing/scenarios/cells';

/** vCPU 1 runs on its launch VMSA; a VMSA page is ready. */
const runs = `v0 make-vmsa gpa=0x121000
v0 init-sipi target=1
vmm run vcpu=1
`;
/** Its thread is back in userspace. */
const out = `vmm signal vcpu=1
`;
/** KVM_RUN begins with a signal pending. */
const runInterrupted = `vmm signal vcpu=1
vmm run vcpu=1
`;
/** A page that firmware refuses after LAUNCH_FINISH cannot be given back: KVM marks the VM bugged. */
const bugged = `vmm set-attributes gfn=0x200 n=1 private=yes
inject firmware command=0xc7 status=0x10
vmm launch-update gfn=0x200 type=normal
`;
const executed = ['@linux-6.12', '@linux-7.*'].join(' ');

const cells: readonly Cell[] = [
  [
    'a signal before KVM_RUN: CREATE is served all the same',
    launchedTwo,
    `${runs}${out}v0 ap-create target=1 vmsa=0x121000 features=1
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.exit == INTR
? ${executed} v1.vmsa == guestVmsa
? ${executed} v1.mpState == RUNNABLE
`,
  ],
  [
    'a signal before KVM_RUN: DESTROY is served all the same',
    launchedTwo,
    `${runs}${out}v0 ap-destroy target=1 features=1
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.mpState == HALTED
`,
  ],
  [
    'a signal before KVM_RUN: INIT and SIPI are taken',
    launchedTwo,
    `${runs}${out}v0 init target=1
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.mpState == INIT_RECEIVED
? ${executed} v1.initLatched == no
`,
  ],
  [
    'a signal before KVM_RUN of a vCPU in a hold with an update: it only becomes RUNNABLE, the next KVM_RUN serves it',
    held,
    `v0 make-vmsa gpa=0x121000
${out}v0 ap-create target=1 vmsa=0x121000 features=1
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.mpState == RUNNABLE
? ${executed} v1.vmsa == launchVmsa
vmm run vcpu=1
? ${executed} v1.vmsa == guestVmsa
? ${executed} v1.run == inGuest
`,
  ],
  [
    'a signal before KVM_RUN of an UNINITIALIZED vCPU: INIT and SIPI are taken before -EINTR',
    launchedTwo,
    `${out}v0 init-sipi target=1
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.initLatched == no
? ${executed} v1.mpState == RUNNABLE
`,
  ],
  [
    'a signal before KVM_RUN after CREATE_ON_INIT of an UNINITIALIZED vCPU: SIPI finds the VMSA of the guest',
    launchedTwo,
    `${out}v0 make-vmsa gpa=0x121000
v0 ap-create-on-init target=1 vmsa=0x121000 features=1
v0 init target=1
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.mpState == INIT_RECEIVED
? ${executed} v1.vmsa == guestVmsa
`,
  ],
  [
    'a signal before KVM_RUN after a page state change: the GHCB page has the answer',
    launchedTwo,
    `${runs}v1 psc entries=private:0x200
vmm answer vcpu=1 ret=0
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.ghcbMapped == no
`,
  ],
  [
    'immediate_exit leaves the exit reason as it was',
    launchedTwo,
    `${runs}v1 psc entries=private:0x200
vmm run vcpu=0 immediate-exit=yes
vmm answer vcpu=1 ret=0
vmm run vcpu=1 immediate-exit=yes
? ${executed} v1.ret == -EINTR
? ${executed} v1.exit == HYPERCALL
`,
  ],
  [
    'INIT in a hold by the GHCB page: the registers that the guest finds there are those of the reset',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
v1 register-ghcb gpa=0x3e0000
v1 nae code=0x80000004 rax=0x1111 rbx=0x2222 rcx=0x3333 rdx=0x4444
v0 init-sipi target=1
? ${executed} v1.run == inGuest
? ${executed} v1.ghcb.rax == 0
? ${executed} v1.ghcb.rbx == 0
? ${executed} v1.ghcb.rcx == 0
? ${executed} v1.ghcb.rdx == 0x600
`,
  ],
  [
    'a kick that came before userspace sets RUNNABLE: whether the next HLT sleeps',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
${out}inject pv-unhalt vcpu=1
vmm set-mp-state vcpu=1 state=RUNNABLE
? @linux-6.11 @linux-6.12 v1.pvUnhalted == yes
? @linux-6.17 @linux-7.* v1.pvUnhalted == no
vmm run vcpu=1
v1 hlt
? @linux-6.12 v1.run == inGuest
? @linux-6.12 v1.pvUnhalted == no
? @linux-6.17 @linux-7.* v1.run == blocked
`,
  ],
  [
    'a VM is bugged while a vCPU is in the guest: it is kicked out, and its KVM_RUN returns -EIO',
    launchedTwo,
    `${runs}${bugged}? ${executed} v1.ret == -EIO
? ${executed} v0.ret == -EIO
? @linux-6.12 @linux-7.2 v1.deadRequest == no
? @linux-7.3 v1.deadRequest == yes
`,
  ],
  [
    'a VM is bugged while a vCPU sleeps: it sleeps on, and a signal wins',
    launchedTwo,
    `${runs}v1 hlt
${bugged}? ${executed} v1.run == blocked
vmm signal vcpu=1
? ${executed} v1.ret == -EINTR
vmm run vcpu=1
? ${executed} v1.ret == -EIO
vmm set-mp-state vcpu=1 state=RUNNABLE
? ${executed} ioctl.ret == -EIO
vmm get-mp-state vcpu=1
? ${executed} ioctl.ret == -EIO
`,
  ],
  [
    'an NMI in INIT_RECEIVED: the thread loops until a signal',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
v0 init target=1
? ${executed} v1.mpState == INIT_RECEIVED
v0 nmi target=1
? ${executed} v1.run == spinning
vmm signal vcpu=1
? ${executed} v1.ret == -EINTR
`,
  ],
  [
    'GET_MP_STATE while a page state change waits for the VMM takes INIT; KVM_RUN goes on with the change',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
v1 psc entries=private:0x200,private:0x300
? ${executed} v1.exit == HYPERCALL
v0 init target=1
vmm get-mp-state vcpu=1
? ${executed} v1.mpState == INIT_RECEIVED
? ${executed} v1.initLatched == no
vmm run vcpu=1
? ${executed} v1.exit == HYPERCALL
`,
  ],
  [
    'DESTROY and a signal while a page state change waits for the VMM: the change is over, then HALTED and -EINTR',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
v1 psc entries=private:0x200
v0 ap-destroy target=1 features=1
${runInterrupted}? ${executed} v1.ret == -EINTR
? ${executed} v1.mpState == HALTED
`,
  ],
  [
    'a vCPU that destroys itself sleeps',
    launchedTwo,
    `v0 ap-destroy target=0 features=1
? ${executed} v0.mpState == HALTED
? ${executed} v0.run == blocked
`,
  ],
  [
    'a vCPU that creates itself goes on with the new VMSA',
    launchedTwo,
    `v0 make-vmsa gpa=0x121000
v0 ap-create target=0 vmsa=0x121000 features=1
? ${executed} v0.run == inGuest
? ${executed} v0.vmsa == guestVmsa
`,
  ],
  [
    'a hole is punched under the VMSA of a running vCPU',
    launchedTwo,
    `${runs}v0 ap-create target=1 vmsa=0x121000 features=1
? @linux-6.12 @linux-7.* v1.vmsa == guestVmsa
vmm punch-hole gfn=0x121 n=1
? @linux-7.2 v1.exit == FAIL_ENTRY
`,
  ],
  [
    'SET_MP_STATE from another thread waits for KVM_RUN, in every kernel',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
vmm set-mp-state vcpu=1 state=UNINITIALIZED thread=main
? thread.main.waitsFor == vcpuMutex
? v1.mpState == RUNNABLE
vmm signal vcpu=1
? thread.main.waitsFor == nothing
? @linux-* v1.mpState == UNINITIALIZED
`,
  ],
  [
    'closing every file leaves the VM to the vCPU that runs, in every kernel',
    launchedTwo,
    `vmm signal vcpu=1
vmm destroy
? vm.exists == yes
? v0.run == inGuest
vmm signal vcpu=0
? vm.exists == no
`,
  ],
];

generationTests(cells);
