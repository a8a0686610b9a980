/** Termination, events through the GHCB page, and faults: what each generation does, written from what was read and executed of it, never from a run. */
import { generationTests, launchedOne, seves, type Cell } from '../../testing/scenarios/cells';

const cells: readonly Cell[] = [
  [
    'termination by the MSR protocol, set 1 code 2',
    launchedOne,
    `v0 terminate form=msr set=1 code=2
? @part2-* v0.ret == -EINVAL
? @part2-* v0.exit == UNKNOWN
? @as-reviewed @v1* @linux-* v0.exit == SYSTEM_EVENT
? @as-reviewed v0.run.system_event.type == 0x80000004
? @v1* @linux-* v0.run.system_event.type == 6
? @as-reviewed @v1* @linux-* v0.run.system_event.ndata == 1
? @as-reviewed @v1* @linux-* v0.run.system_event.data[0] == 0x21100
`,
  ],
  [
    'termination by the MSR protocol, set 15 code 255',
    launchedOne,
    `v0 terminate form=msr set=15 code=255
? @v1* @linux-* v0.run.system_event.data[0] == 0xfff100
`,
  ],
  [
    'termination through the GHCB page',
    launchedOne,
    `v0 terminate form=nae set=0 code=1
? @v14 @linux-* v0.exit == SYSTEM_EVENT
? @v14 @linux-* v0.run.system_event.data[0] == 0x3f0000
? @v14 @linux-* v0.run.system_event.ndata == 1
? @v14 @linux-* v0.run.system_event.type == 6
? @part2-* @v11 v0.exit != SYSTEM_EVENT
`,
  ],
  [
    'an unknown event',
    launchedOne,
    `v0 nae code=0x80001234 info1=0 info2=0
? @linux-* guest.info1 == 2
? @linux-* guest.info2 == 6
`,
  ],
  [
    'a GHCB page that was not registered',
    launchedOne,
    `v0 use-ghcb gpa=0x3e0000
v0 hv-features form=nae
? @linux-6* v0.ret == -EINVAL
? @linux-7.2 guest.info1 == 2
? @linux-7.2 guest.info2 == 1
? @part2-* @v1* findings.ambiguity > 0
`,
  ],
  [
    'a guest request whose pages are the same',
    launchedOne,
    `v0 guest-request request=0x121000 response=0x121000
? @linux-6* guest.info2 == 4
? @linux-7.2 guest.info2 == 5
? @linux-* guest.info1 == 2
? @part2-* @v1* findings.ambiguity > 0
`,
  ],
  [
    'MMIO of 9 bytes',
    launchedOne,
    `v0 mmio-read gpa=0xfe000000 len=9
? @linux-6.12 @linux-7.2 guest.info1 == 2
? @linux-6.12 @linux-7.2 guest.info2 == 5
? @linux-6.11 @linux-6.17 guest.info2 != 5
? @part2-* @v1* findings.ambiguity > 0
`,
  ],
  [
    'MMIO of 0 bytes',
    launchedOne,
    `v0 mmio-read gpa=0xfe000000 len=0
? @linux-6.12 @linux-7.2 guest.result == ok
? @linux-6.12 @linux-7.2 exits.count == 0
? @part2-* @v1* findings.ambiguity > 0
`,
  ],
  [
    'a private access to shared memory',
    launchedOne,
    `v0 read gpa=0x300000 private=yes
? @part2-* exits.count == 0
? @v1* @linux-* v0.exit == MEMORY_FAULT
? @v1* @linux-* v0.ret == -EFAULT
? @v1* @linux-* v0.run.memory_fault.flags == 8
? @v1* @linux-* v0.run.memory_fault.gpa == 0x300000
? @v1* @linux-* v0.run.memory_fault.size == 4096
`,
  ],
  [
    'an SEV-ES guest asks for AP creation',
    seves,
    `v0 use-ghcb gpa=0x3f0000
v0 nae code=0x80000013 info1=0x1 info2=0x121000 rax=1
? @linux-6* guest.info1 == 2
? @linux-6* guest.info2 == 4
? @linux-7.2 guest.info2 == 6
? @part2-* @v1* findings.ambiguity > 0
`,
  ],
  [
    'an SEV-ES guest asks for a preferred GHCB address',
    seves,
    `v0 msr value=0x10
? @linux-* v0.exit == SYSTEM_EVENT
? @linux-* v0.run.system_event.data[0] == 0x10
`,
  ],
  [
    'an SEV-ES guest registers a GHCB page',
    seves,
    `v0 msr value=0x3f0012
? @linux-* v0.exit == SYSTEM_EVENT
? @linux-* v0.run.system_event.data[0] == 0x3f0012
`,
  ],
  [
    'a shared access to private memory',
    launchedOne,
    `v0 read gpa=0x120000 private=no
? @part2-* exits.count == 0
? @part2-* page.0x120.rmp == Hypervisor
? @v1* @linux-* v0.exit == MEMORY_FAULT
? @v1* @linux-* v0.run.memory_fault.flags == 0
`,
  ],
];

generationTests(cells);
