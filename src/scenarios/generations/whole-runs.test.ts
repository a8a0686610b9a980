/**
 * Runs in which the state of one handler meets another's. What kernels do was read or executed, as each cell says; it is
 * never written from a run.
 */
import {
  generationTests,
  launchedOne,
  launchedTwo,
  type Cell,
  type Start,
} from '../../testing/scenarios/cells';

/** vCPU 1 runs on its launch VMSA; a VMSA page is ready. */
const runs = `v0 make-vmsa gpa=0x121000
v0 init-sipi target=1
vmm run vcpu=1
`;
/** Two slots that meet at frame 0x101, in a launch that has begun. */
const twoSlots: Start = {
  vcpus: 1,
  lines: `
vmm create-vm
vmm memslot gfn=0x0 n=0x101
vmm memslot gfn=0x101 n=0xff
vmm init2
vmm launch-start
vmm create-vcpu
vmm set-attributes gfn=0x100 n=2 private=yes
`,
};

const cells: readonly Cell[] = [
  // Executed (kinds ap, apRun): 7.3 alone remembers at the DESTROY that the launch VMSA is given up.
  [
    'DESTROY of a vCPU that only ran on its launch VMSA, then RUNNABLE: it comes back, but for 7.3',
    launchedTwo,
    `${runs}v0 ap-destroy target=1 features=1
? @linux-6.12 @linux-6.17 @linux-7.* v1.mpState == HALTED
vmm signal vcpu=1
vmm set-mp-state vcpu=1 state=RUNNABLE
vmm run vcpu=1
? @linux-6.12 @linux-6.17 @linux-7.2 v1.run == inGuest
? @linux-6.12 @linux-6.17 @linux-7.2 v1.vmsa == launchVmsa
? @linux-7.3 v1.exit == FAIL_ENTRY
`,
  ],
  // Executed (kind runLoop): one iteration of the loop stands before -EINTR. The request ends it before the GHCB is unmapped.
  [
    'DESTROY while a page state change waits for the VMM, then KVM_RUN with a signal: both are served before -EINTR',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
v1 psc entries=private:0x200
? @linux-6.12 @linux-7.* v1.exit == HYPERCALL
v0 ap-destroy target=1 features=1
vmm answer vcpu=1 ret=0
vmm signal vcpu=1
vmm run vcpu=1
? @linux-6.12 @linux-7.* v1.ret == -EINTR
? @linux-6.12 @linux-7.* v1.mpState == HALTED
? @linux-6.12 @linux-7.* v1.ghcbMapped == yes
`,
  ],
  // Executed (kind launch).
  [
    'LAUNCH_UPDATE over the end of a slot is clipped there, and says what is left',
    twoSlots,
    `vmm launch-update gfn=0x100 n=2 type=normal
? @linux-6.12 @linux-7.* ioctl.ret == 0
? @linux-6.12 @linux-7.* ioctl.left == 0x1000
? @linux-6.12 @linux-7.* page.0x101.rmp == Hypervisor
`,
  ],
  // Executed (launch-0332 and three more): 7.2 gets as far as the page, warns and gives up.
  [
    'LAUNCH_UPDATE with the source address 0 and a type other than ZERO',
    twoSlots,
    `vmm launch-update gfn=0x100 type=normal uaddr=0x0
? @linux-7.2 ioctl.ret == -EIO
? @linux-7.2 moves.kernelWarn == 1
? @linux-7.3 ioctl.ret == -EINVAL
? @linux-7.3 moves.kernelWarn == 0
? @linux-7.* page.0x100.rmp == Hypervisor
`,
  ],
  // The guard of 6.17 stores 64 bits of ones; VMRUN itself fails with an exit code of 32 bits. Inferred for 6.17.
  [
    'FAIL_ENTRY because VMRUN failed, on a VMSA whose page is gone',
    launchedTwo,
    `${runs}v0 ap-create target=1 vmsa=0x121000 features=1
vmm signal vcpu=1
vmm punch-hole gfn=0x121 n=1
vmm run vcpu=1
? @linux-6.12 @linux-6.17 @linux-7.* v1.exit == FAIL_ENTRY
? @linux-6.12 @linux-6.17 v1.run.fail_entry.hardwareEntryFailureReason == 0xffffffff
? @linux-7.* v1.run.fail_entry.hardwareEntryFailureReason == 0xffffffffffffffff
`,
  ],
  [
    'FAIL_ENTRY because there is no VMSA',
    launchedTwo,
    `${runs}v0 ap-create target=1 vmsa=0x121000 features=1
v0 ap-destroy target=1 features=1
vmm signal vcpu=1
vmm set-mp-state vcpu=1 state=RUNNABLE
vmm run vcpu=1
? @linux-6.17 @linux-7.* v1.exit == FAIL_ENTRY
? @linux-6.17 @linux-7.* v1.run.fail_entry.hardwareEntryFailureReason == 0xffffffffffffffff
`,
  ],
  // Read in the mail: __snp_handle_psc() returns a variable that nothing has set.
  [
    'a batch whose first page has no memory slot: the reply of the first posting is undefined, and said so',
    launchedOne,
    `v0 psc entries=private:0x900
? @part2-v4 findings.ambiguity == 1
`,
  ],
  // Read (kvm_gmem_get_pfn(), and executed as kinds gmem and fault); the noise is inferred.
  [
    'a page that RMPUPDATE refused keeps what a later, refused LAUNCH_UPDATE copied: 7.x does not clear it again, the guest finds noise',
    launchedOne,
    `vmm set-attributes gfn=0x200 n=1 private=yes
inject rmpupdate code=1
v0 read gpa=0x200000 private=yes
? @linux-6.12 @linux-7.* v0.ret == -EINVAL
vmm launch-update gfn=0x200 type=normal content=0x4141
? @linux-6.12 @linux-7.* ioctl.ret == -EIO
? @linux-6.12 @linux-7.* page.0x200.content == 0x4141
vmm run vcpu=0
v0 read gpa=0x200000 private=yes
? @linux-6.12 page.0x200.content == 0
? @linux-7.* page.0x200.content == 0x4141
v0 pvalidate gpa=0x200000
v0 read gpa=0x200000 private=yes
? @linux-6.12 @linux-7.* moves.guestReadNoise == 1
`,
  ],
];

generationTests(cells);
