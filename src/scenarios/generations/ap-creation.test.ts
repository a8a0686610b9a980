/** AP creation, INIT-SIPI and mp_state: what each generation does, written from what was read and executed of it, never from a run. */
import { generationTests, held, launchedOne, launchedTwo, type Cell } from '../../testing/scenarios/cells';

const cells: readonly Cell[] = [
  [
    'KVM_SET_MP_STATE to 5',
    launchedOne,
    `vmm signal vcpu=0
vmm set-mp-state vcpu=0 state=STOPPED
? @linux-* ioctl.ret == -EINVAL
? @part2-v5 ioctl.ret == 0
`,
  ],
  [
    'an APIC ID of no vCPU',
    launchedTwo,
    `v0 ap-create target=9 vmsa=0x121000 features=1
? @part2-v4 guest.result == ok
? @part2-v5 guest.info1 == 1
? @part2-v5 guest.info2 == 0xffffffff8000030d
? @v1* @linux-* guest.info1 == 2
? @v1* @linux-* guest.info2 == 5
? @as-reviewed guest.result == error
`,
  ],
  [
    'request 3',
    held,
    `v0 nae code=0x80000013 info1=0x100000003 info2=0x121000 rax=1
? @part2-v4 guest.result == ok
? @part2-v5 guest.info1 == 1
? @v1* @linux-* guest.info1 == 2
? @v1* @linux-* guest.info2 == 5
? @part2-v4 v1.mpState == UNINITIALIZED
? @part2-v5 v1.mpState == STOPPED
? @v1* @linux-6.11 v1.mpState == HALTED
? @as-reviewed @linux-6.12 @linux-6.17 @linux-7.2 v1.mpState == AP_RESET_HOLD
`,
  ],
  [
    'CREATE without SNP_ACTIVE among the features',
    held,
    `v0 make-vmsa gpa=0x121000
v0 ap-create target=1 vmsa=0x121000 features=0
? @part2-* @v1* @linux-6.11 @linux-6.12 guest.result == ok
? @as-reviewed guest.result == error
? @linux-6.17 @linux-7.2 guest.info1 == 2
? @linux-6.17 @linux-7.2 guest.info2 == 5
`,
  ],
  [
    'DESTROY without RAX',
    held,
    `v0 ap-destroy target=1
? @part2-* v0.ret == -EINVAL
? @part2-* v0.exit == INTERNAL_ERROR
? @v1* @linux-* guest.result == ok
`,
  ],
  [
    'CREATE without RAX',
    held,
    `v0 ap-create target=1 vmsa=0x121000 no-rax=yes
? @part2-* v0.ret == -EINVAL
? @part2-* v0.exit == INTERNAL_ERROR
? @linux-* guest.info1 == 2
? @linux-* guest.info2 == 4
`,
  ],
  [
    "a VMSA beyond the guest's address width",
    held,
    `v0 make-vmsa gpa=0x122000
v0 ap-create target=1 vmsa=0x122000
? v1.guestVmsa == 0x122000
v0 ap-create target=1 vmsa=0x1000000001000
? @part2-v4 guest.result == ok
? @part2-v4 v1.vmsa == physicalZero
? @part2-v5 guest.info1 == 1
? @part2-v5 v1.mpState == STOPPED
? @v1* @linux-* guest.info1 == 2
? @v1* @linux-* guest.info2 == 5
? @v1* @linux-6.11 v1.mpState == HALTED
? @linux-6.12 @linux-6.17 @linux-7.2 v1.guestVmsa == 0x122000
`,
  ],
  [
    'a SIPI without INIT after DESTROY',
    held,
    `v0 make-vmsa gpa=0x122000
v0 ap-create target=1 vmsa=0x122000
v0 ap-destroy target=1 features=1
v0 sipi target=1
? @part2-v4 v1.run == inUserspace
? @part2-v5 v1.ret == -EINTR
? @v1* @linux-* v1.mpState == RUNNABLE
? @v1* @linux-* v1.run != inGuest
? @linux-6.17 @linux-7.2 v1.exit == FAIL_ENTRY
? @linux-6.17 @linux-7.2 v1.run.fail_entry.hardwareEntryFailureReason == 0xffffffffffffffff
`,
  ],
  [
    'CREATE of a vCPU that never ran',
    launchedTwo,
    `v0 make-vmsa gpa=0x122000
vmm run vcpu=1
v0 ap-create target=1 vmsa=0x122000
? v1.ret == -EAGAIN
? @v1* v1.mpState == RUNNABLE
? @part2-* @linux-* v1.mpState == UNINITIALIZED
vmm run vcpu=1
? @v1* v1.run == inGuest
? @v1* v1.guestVmsa == 0x122000
? @part2-* @linux-* v1.ret == -EAGAIN
? @part2-* @linux-* v1.vmsa == launchVmsa
vmm set-mp-state vcpu=1 state=RUNNABLE
vmm run vcpu=1
? v1.guestVmsa == 0x122000
? v1.run == inGuest
`,
  ],
  [
    'pv_unhalted of a vCPU that goes online',
    launchedTwo,
    `v0 init-sipi target=1
v0 make-vmsa gpa=0x122000
inject pv-unhalt vcpu=1
v0 ap-create target=1 vmsa=0x122000
vmm run vcpu=1
? @part2-v4 v1.pvUnhalted == yes
? @as-reviewed @part2-v5 @v1* @linux-* v1.pvUnhalted == no
? v1.guestVmsa == 0x122000
`,
  ],
  [
    'AP reset hold with pv_unhalted set',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
inject pv-unhalt vcpu=1
v1 hold form=msr
? @linux-6.11 moves.holdTaken == 1
? @linux-6.12 @linux-6.17 @linux-7.2 v1.mpState == RUNNABLE
`,
  ],
  [
    'CREATE_ON_INIT twice, then INIT-SIPI',
    held,
    `v0 make-vmsa gpa=0x121000
v0 make-vmsa gpa=0x122000
v0 ap-create-on-init target=1 vmsa=0x121000
v0 ap-create-on-init target=1 vmsa=0x122000
? @part2-* @v1* @linux-* guest.result == ok
? @as-reviewed guest.result == error
v0 init-sipi target=1
? @part2-* @v1* @linux-* v1.guestVmsa == 0x122000
? @as-reviewed v1.guestVmsa == 0x121000
`,
  ],
  [
    'CREATE_ON_INIT, then another one with wrong features',
    held,
    `v0 make-vmsa gpa=0x121000
v0 ap-create-on-init target=1 vmsa=0x121000
v0 ap-create-on-init target=1 vmsa=0x122000 features=9
? @part2-v4 guest.result == ok
? @part2-v4 v1.mpState == UNINITIALIZED
? @part2-v5 v1.mpState == STOPPED
? @v1* @linux-6.11 v1.mpState == HALTED
? @linux-6.12 @linux-6.17 @linux-7.2 v1.mpState == AP_RESET_HOLD
? @linux-6.12 @linux-6.17 @linux-7.2 v1.pendingVmsa == 0x121000
? @linux-6.12 @linux-6.17 @linux-7.2 v1.creation == createdOnInit
`,
  ],
  [
    'CREATE after a DESTROY before any CREATE',
    held,
    `v0 make-vmsa gpa=0x121000
v0 ap-destroy target=1 features=1
v0 ap-create target=1 vmsa=0x121000
? guest.result == ok
? @part2-* v1.ret == -EINTR
? @v1* @linux-* v1.guestVmsa == 0x121000
? @v1* @linux-* v1.run == inGuest
`,
  ],
  [
    'DESTROY of a vCPU that never ran',
    launchedTwo,
    `vmm run vcpu=1
v0 ap-destroy target=1 features=1
? guest.result == ok
vmm run vcpu=1
? @v1* v1.mpState == HALTED
? @part2-* @linux-* v1.mpState == UNINITIALIZED
`,
  ],
  [
    'DESTROY, CREATE_ON_INIT, INIT-SIPI',
    held,
    `v0 make-vmsa gpa=0x121000
v0 make-vmsa gpa=0x122000
v0 ap-create target=1 vmsa=0x121000
v0 ap-destroy target=1 features=1
v0 ap-create-on-init target=1 vmsa=0x122000
? guest.result == ok
v0 init-sipi target=1
vmm run vcpu=1
? v1.guestVmsa == 0x122000
? v1.run == inGuest
`,
  ],
  [
    'an INIT that comes before the vCPU served its CREATE',
    held,
    `v0 make-vmsa gpa=0x121000
vmm signal vcpu=1
v0 ap-create target=1 vmsa=0x121000
? @part2-* v1.creation == updateUnarmed
? @v1* @linux-* v1.creation == updatePending
v0 init target=1
vmm run vcpu=1
? v1.mpState == INIT_RECEIVED
? @part2-* v1.vmsa == launchVmsa
? @v1* @linux-* v1.guestVmsa == 0x121000
v0 sipi target=1
vmm run vcpu=1
? v1.guestVmsa == 0x121000
? v1.run == inGuest
`,
  ],
  [
    'the page under a VMSA in use is given back',
    held,
    `v0 make-vmsa gpa=0x121000
v0 ap-create target=1 vmsa=0x121000
? v1.run == inGuest
vmm punch-hole gfn=0x121 n=1
? @linux-6* v1.vmsa == guestVmsa
? @linux-7.2 v1.run != inGuest
? @part2-* refused == yes
`,
  ],
  [
    'what KVM_EXIT_FAIL_ENTRY says after DESTROY',
    held,
    `v0 make-vmsa gpa=0x121000
v0 ap-create target=1 vmsa=0x121000
v0 ap-destroy target=1 features=1
vmm signal vcpu=1
vmm set-mp-state vcpu=1 state=RUNNABLE
vmm run vcpu=1
? @linux-6.12 v1.exit == FAIL_ENTRY
? @linux-6.12 v1.run.fail_entry.hardwareEntryFailureReason == 0xffffffff
? @linux-6.17 @linux-7.2 v1.run.fail_entry.hardwareEntryFailureReason == 0xffffffffffffffff
? @linux-6.17 @linux-7.2 v1.run.fail_entry.cpu == 1
`,
  ],
  [
    'CREATE, CREATE, DESTROY, CREATE',
    held,
    `v0 make-vmsa gpa=0x121000
v0 make-vmsa gpa=0x122000
v0 ap-create target=1 vmsa=0x121000
? guest.result == ok
v0 ap-create target=1 vmsa=0x122000
? @as-reviewed guest.result == error
v0 ap-destroy target=1 features=1
? guest.result == ok
v0 ap-create target=1 vmsa=0x122000
? guest.result == ok
`,
  ],
  [
    'an NMI for a destroyed vCPU',
    held,
    `v0 make-vmsa gpa=0x121000
v0 ap-create target=1 vmsa=0x121000
v0 ap-destroy target=1 features=1
v0 nmi target=1
? @part2-v4 v1.mpState == UNINITIALIZED
? @part2-v5 v1.mpState == STOPPED
? @part2-v5 v1.ret == -EINTR
? @v1* @linux-* v1.mpState == RUNNABLE
`,
  ],
];

generationTests(cells);
