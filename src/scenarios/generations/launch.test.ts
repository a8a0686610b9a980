/** The launch, from its initialisation to what comes behind its end: what each generation does, written from what was read and executed of it, never from a run. */
import {
  generationTests,
  fresh,
  initialised,
  launchedOne,
  seves,
  type Cell,
} from '../../testing/scenarios/cells';

const cells: readonly Cell[] = [
  [
    'KVM_PRE_FAULT_MEMORY after LAUNCH_FINISH',
    launchedOne,
    `vmm pre-fault gfn=0x120 n=1
? @linux-* ioctl.ret >= 0
? @part2-* @v11 ioctl.ret == -ENOTTY
`,
  ],
  [
    'LAUNCH_FINISH after LAUNCH_FINISH',
    launchedOne,
    `vmm signal vcpu=0
vmm launch-finish
? @part2-* @v1* @linux-6.11 @linux-6.17 host.rmpFault == yes
? @linux-6.12 @linux-7.2 ioctl.ret == -EINVAL
? @as-reviewed @linux-6.12 @linux-7.2 host.rmpFault == no
`,
  ],
  [
    'LAUNCH_START after LAUNCH_FINISH',
    launchedOne,
    `vmm launch-start
? @v1* @linux-* ioctl.ret == -EINVAL
? @part2-* ioctl.ret == -EIO
`,
  ],
  [
    'LAUNCH_UPDATE after LAUNCH_FINISH',
    launchedOne,
    `vmm set-attributes gfn=0x300 n=1 private=yes
vmm launch-update gfn=0x300 type=normal
? @as-reviewed ioctl.ret == -EINVAL
? @v14 @linux-* ioctl.ret == -EIO
? @v14 @linux-* ioctl.error == 2
? page.0x300.rmp == Hypervisor
`,
  ],
  [
    'the policy bits as a device attribute',
    launchedOne,
    `vmm device-attribute attribute=snp-policy-bits
? @linux-6.12 @linux-6.17 ioctl.ret == -ENXIO
? @linux-7.2 ioctl.ret == 0
? @part2-* @v1* findings.ambiguity > 0
`,
  ],
  [
    'guest_memfd with the MMAP flag',
    launchedOne,
    `vmm create-gmem flags=1
? @linux-6.12 ioctl.ret == -EINVAL
? @linux-7.2 ioctl.ret >= 0
`,
  ],
  [
    'a policy without SMT',
    initialised,
    `vmm launch-start policy=0x20000
? @v11 @v14 @linux-6.11 @linux-6.12 ioctl.ret == -EINVAL
? @part2-* @linux-6.17 @linux-7.2 ioctl.ret != -EINVAL
`,
  ],
  [
    'a policy for a single socket',
    initialised,
    `vmm launch-start policy=0x130000
? @v11 @v14 @linux-6.11 @linux-6.12 ioctl.ret == -EINVAL
? @linux-6.17 @linux-7.2 ioctl.ret != -EINVAL
`,
  ],
  [
    'a policy with MIGRATE_MA',
    initialised,
    `vmm launch-start policy=0x70000
? @v14 @linux-* ioctl.ret == -EINVAL
? @v11 ioctl.ret != -EINVAL
`,
  ],
  [
    'LAUNCH_START with a flag',
    initialised,
    `vmm launch-start flags=1
? @linux-* ioctl.ret == -EINVAL
? @part2-* refused == yes
`,
  ],
  [
    'a source that is not page aligned',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x100 type=normal uaddr=0x7f0000000100
? @linux-6.12 @linux-6.17 ioctl.ret == 0
? @linux-7.2 ioctl.ret == -EINVAL
? @linux-6.11 ioctl.ret == 0
`,
  ],
  [
    'a ZERO page with an address that is none',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x100 type=zero uaddr=0xdeadbeefdead000
? @v14 @linux-* ioctl.ret == 0
? @part2-* ioctl.ret == -EINVAL
? @v14 @linux-* page.0x100.rmp == Guest-Valid
`,
  ],
  [
    'LAUNCH_UPDATE with a flag',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x100 type=normal flags=1
? @v14 @linux-* ioctl.ret == -EINVAL
? @part2-* @v11 refused == yes
`,
  ],
  [
    'a length of one page and a half',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x100 len=0x1800 type=normal
? @v14 @linux-* ioctl.ret == -EINVAL
? @part2-* @v11 ioctl.ret == 0
? @part2-* @v11 page.0x101.rmp == Guest-Valid
`,
  ],
  [
    'a length of 0',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x100 len=0 type=normal
? @v11 @linux-7.2 ioctl.ret == -EINVAL
? @v14 @linux-6.12 @linux-6.17 ioctl.ret == 0
`,
  ],
  [
    'page type VMSA',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x100 type=vmsa
? @v14 @linux-* ioctl.ret == -EINVAL
`,
  ],
  [
    'the firmware refuses the first page',
    initialised,
    `vmm launch-start
inject firmware command=0xa1 status=9
vmm launch-update gfn=0x100 n=2 type=normal
? ioctl.ret == -EIO
? ioctl.error == 9
? page.0x100.rmp == Hypervisor
? page.0x101.rmp == Hypervisor
? @v14 @linux-* ioctl.left == 0x2000
`,
  ],
  [
    'LAUNCH_UPDATE before LAUNCH_START',
    initialised,
    `vmm launch-update gfn=0x100 type=normal
? ioctl.ret == -EINVAL
`,
  ],
  [
    'the second of three pages lacks the private attribute',
    initialised,
    `vmm launch-start
vmm set-attributes gfn=0x101 n=1 private=no
vmm launch-update gfn=0x100 n=3 type=normal
? @part2-* @v11 ioctl.ret == 0
? @part2-* @v11 page.0x102.rmp == Guest-Valid
? @v14 @linux-* ioctl.ret == 0
? @v14 @linux-* ioctl.left == 0x2000
? @v14 @linux-* ioctl.gfn == 0x101
? @v14 @linux-* page.0x101.rmp == Hypervisor
`,
  ],
  [
    'a frame outside every slot',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x500 type=normal
? @linux-* ioctl.ret == -EINVAL
`,
  ],
  [
    'a refused page that cannot be reclaimed',
    initialised,
    `vmm launch-start
inject firmware command=0xa1 status=9
inject firmware command=0xc7 status=9
vmm launch-update gfn=0x100 type=normal
? @part2-* @v1* vm.health == sound
? @linux-* vm.health == bugged
? @part2-v4 host.leakedPages == 0
? @v1* host.leakedPages > 0
? @linux-* host.leakedPages == 1
vmm launch-update gfn=0x110 type=normal
? @linux-* ioctl.ret == -EIO
? @part2-* @v1* ioctl.ret == 0
`,
  ],
  [
    'KVM_RUN before LAUNCH_FINISH',
    initialised,
    `vmm create-vcpu
vmm launch-start
vmm run vcpu=0
? @as-reviewed v0.ret != 0
? @part2-* @v1* @linux-* v0.ret == 0
? v0.run != inGuest
`,
  ],
  [
    'KVM_PRE_FAULT_MEMORY before LAUNCH_FINISH',
    initialised,
    `vmm create-vcpu
vmm launch-start
vmm pre-fault gfn=0x100 n=1
? @linux-* ioctl.ret == -EOPNOTSUPP
`,
  ],
  [
    'LAUNCH_FINISH while a vCPU is created',
    initialised,
    `vmm create-vcpu
vmm launch-start
vmm launch-update gfn=0x100 type=normal
vmm create-vcpu half=yes
vmm launch-finish
? @linux-6.12 @linux-7.2 ioctl.ret == -EBUSY
? @part2-* @v1* @linux-6.11 @linux-6.17 ioctl.ret != -EBUSY
? @linux-6.12 @linux-7.2 vmsa.v0.rmp == Hypervisor
`,
  ],
  [
    'LAUNCH_FINISH before LAUNCH_START',
    initialised,
    `vmm launch-finish
? ioctl.ret == -EINVAL
`,
  ],
  [
    'a refused VMSA that cannot be reclaimed',
    initialised,
    `vmm create-vcpu
vmm launch-start
inject firmware command=0xa1 status=2
inject firmware command=0xc7 status=2
vmm launch-finish
? ioctl.ret < 0
? @linux-* vm.health == bugged
? @part2-* @v1* vm.health == sound
`,
  ],
  [
    'a second initialisation',
    initialised,
    `vmm init2
? @v14 @linux-* ioctl.ret == -EPERM
? @part2-v5 @v11 ioctl.ret == -EBUSY
? @as-reviewed ioctl.ret == -EPERM
`,
  ],
  [
    // as-reviewed answered here like one generation and to an active SNP guest like another one.
    'a second initialisation of an SEV-ES guest',
    seves,
    `vmm init2
? @linux-* ioctl.ret == -EINVAL
? @as-reviewed ioctl.ret == -EINVAL
`,
  ],
  [
    'a CPUID page with a wrong leaf',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x100 type=cpuid content=0x0100000000000005
? ioctl.ret == -EIO
? ioctl.error == 0x16
? page.0x100.rmp == Hypervisor
`,
  ],
  [
    'a failure in the second of two slots',
    initialised,
    `vmm launch-start
inject firmware command=0xa1 nth=3 status=9
vmm launch-update gfn=0x3fe n=4 type=normal
? @v11 ioctl.ret == -EIO
? @v11 page.0x3fe.rmp == Guest-Valid
? @v11 page.0x400.rmp == Hypervisor
? @v14 @linux-* ioctl.ret == 0
? @v14 @linux-* ioctl.gfn == 0x400
`,
  ],
  [
    'a source that leaves the registered region',
    initialised,
    `vmm launch-start
vmm memslot gfn=0x600 n=0x100 registered=no
vmm launch-update gfn=0x4ff n=2 type=normal
? @part2-v5 ioctl.ret == -EINVAL
? @part2-v5 page.0x4ff.rmp == Hypervisor
`,
  ],
  [
    'LAUNCH_FINISH refused by the firmware, and tried again',
    initialised,
    `vmm create-vcpu
vmm create-vcpu
vmm launch-start
vmm launch-update gfn=0x100 type=normal
inject firmware command=0xa2 status=0xa
vmm launch-finish
? ioctl.ret == -EIO
? ioctl.error == 0xa
? @as-reviewed vmsa.v0.rmp == Hypervisor
? @as-reviewed v0.guestStateProtected == no
vmm launch-finish
? @as-reviewed ioctl.ret == 0
? @linux-6.12 @linux-7.2 ioctl.ret == -EINVAL
? @part2-* @v1* @linux-6.11 @linux-6.17 host.rmpFault == yes
vmm run vcpu=0
? @as-reviewed v0.run == inGuest
`,
  ],
  [
    'the third of four pages is assigned already',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x102 type=normal
vmm launch-update gfn=0x100 n=4 type=normal
? @part2-v4 ioctl.ret == 0
? @part2-v5 @v11 ioctl.ret == -EFAULT
? @part2-v5 page.0x100.rmp == Hypervisor
? @v11 page.0x100.rmp == Guest-Valid
? @v14 @linux-* ioctl.ret == 0
? @v14 @linux-* ioctl.left == 0x2000
vmm launch-update gfn=0x102 n=2 type=normal
? @v14 @linux-* ioctl.ret == -EIO
? @v14 @linux-* ioctl.error == 0
`,
  ],
  [
    'RMPUPDATE fails for the first page',
    initialised,
    `vmm launch-start
inject rmpupdate nth=1 code=3
vmm launch-update gfn=0x100 type=normal
? ioctl.ret < 0
? @v14 @linux-* ioctl.ret == -EIO
? @v14 @linux-* ioctl.error == 0
`,
  ],
  [
    'a refused page that cannot be made shared',
    initialised,
    `vmm launch-start
inject firmware command=0xa1 status=9
inject rmpupdate nth=2 code=3
vmm launch-update gfn=0x100 type=normal
? @part2-v4 vm.health == sound
? @part2-v4 host.leakedPages == 0
? @part2-v5 @v1* host.leakedPages == 1
? @part2-v5 @v1* vm.health == sound
? @linux-* vm.health == bugged
? @linux-* host.leakedPages == 1
`,
  ],
  [
    'LAUNCH_FINISH with a flag',
    initialised,
    `vmm create-vcpu
vmm launch-start
vmm launch-finish flags=1
? @linux-* ioctl.ret == -EINVAL
`,
  ],
  [
    'a source that leaves the memory slots',
    initialised,
    `vmm launch-start
vmm launch-update gfn=0x4ff n=2 type=normal
? @part2-v4 ioctl.ret == -EINVAL
? @part2-v4 page.0x4ff.rmp == Hypervisor
? @v11 ioctl.ret == 0
`,
  ],
  [
    'a vCPU created after LAUNCH_FINISH',
    initialised,
    `vmm create-vcpu
vmm launch-start
vmm launch-update gfn=0x100 type=normal
vmm launch-finish
vmm create-vcpu
? vmsa.v1.rmp == Hypervisor
? v1.guestStateProtected == no
vmm set-mp-state vcpu=1 state=RUNNABLE
vmm run vcpu=1
? v1.run != inGuest
`,
  ],
  [
    'initialisation after a vCPU was created',
    initialised,
    `vmm destroy
vmm create-vm
vmm create-vcpu
vmm init2
? @v14 @linux-* ioctl.ret == -EINVAL
`,
  ],
  [
    'GHCB version 1',
    fresh,
    `vmm create-vm
vmm init2 ghcb-version=1
? @linux-6.12 @linux-6.17 ioctl.ret == 0
? @linux-7.2 ioctl.ret == -EINVAL
? @part2-* @v11 refused == yes
`,
  ],
  [
    'GHCB version 3',
    fresh,
    `vmm create-vm
vmm init2 ghcb-version=3
? @v14 @linux-* ioctl.ret == -EINVAL
`,
  ],
  [
    'initialisation with a flag',
    fresh,
    `vmm create-vm
vmm init2 flags=1
? @part2-* @v11 ioctl.ret == -EOPNOTSUPP
? @v14 @linux-* ioctl.ret == -EINVAL
`,
  ],
];

generationTests(cells);
