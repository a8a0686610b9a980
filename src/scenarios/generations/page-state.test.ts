/** Page state changes: what each generation does, written from what was read and executed of it, never from a run. */
import { generationTests, launchedOne, launchedTwo, type Cell } from '../../testing/scenarios/cells';

const cells: readonly Cell[] = [
  [
    'operation 0 by the MSR protocol',
    launchedOne,
    `v0 msr value=0x0000000000300014
? @part2-* guest.msr == 0xffffffff00000015
? @v1* @linux-* guest.msr == 0x8000000000000015
? exits.count == 0
`,
  ],
  [
    'operation 15 by the MSR protocol',
    launchedOne,
    `v0 msr value=0x00f0000000300014
? @part2-* guest.msr == 0xffffffff00000015
? @v1* @linux-* guest.msr == 0x8000000000000015
? exits.count == 0
`,
  ],
  [
    'UNSMASH by the MSR protocol',
    launchedOne,
    `v0 msr value=0x0040000000300014
? @part2-* guest.msr == 0xffffffff00000015
? @v1* @linux-* guest.msr == 0x8000000000000015
? exits.count == 0
`,
  ],
  [
    'one page made private by the MSR protocol, validated, and when its RMP entry changes',
    launchedOne,
    `v0 msr-psc gfn=0x300 op=private
? @part2-* exits.count == 0
? @part2-* page.0x300.rmp == Guest-Invalid
? @part2-* guest.msr == 0x15
? @v1* v0.run.vmgexit.psc_msr.op == 1
? @v1* v0.run.vmgexit.psc_msr.gpa == 0x300000
? @v1* v0.exit == 40
? @linux-* v0.run.hypercall.nr == 12
? @linux-* v0.run.hypercall.args[0] == 0x300000
? @linux-* v0.run.hypercall.args[1] == 1
? @linux-* v0.run.hypercall.args[2] == 0x10
? @v1* @linux-* page.0x300.rmp == Hypervisor
vmm set-attributes gfn=0x300 n=1 private=yes
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @v1* @linux-* guest.msr == 0x15
? @v1* @linux-* page.0x300.rmp == Hypervisor
v0 pvalidate gpa=0x300000
? page.0x300.rmp == Guest-Valid
`,
  ],
  [
    'the VMM answers 7 to the MSR protocol',
    launchedOne,
    `v0 msr-psc gfn=0x300 op=private
vmm answer vcpu=0 ret=7
vmm run vcpu=0
? @v1* guest.msr == 0x700000015
? @linux-6* guest.msr == 0x8000000000000015
? @linux-7.2 v0.ret == -EINVAL
`,
  ],
  [
    'the VMM answers EINVAL to the MSR protocol',
    launchedOne,
    `v0 msr-psc gfn=0x300 op=private
vmm answer vcpu=0 ret=22
vmm run vcpu=0
? @v1* guest.msr == 0x1600000015
? @linux-* guest.msr == 0x8000000000000015
`,
  ],
  [
    'the VMM answers EAGAIN to the MSR protocol',
    launchedOne,
    `v0 msr-psc gfn=0x300 op=private
vmm answer vcpu=0 ret=11
vmm run vcpu=0
? @v1* guest.msr == 0xb00000015
? @linux-* guest.msr == 0x8000000000000015
`,
  ],
  [
    'the VMM answers a word whose low half is 0',
    launchedOne,
    `v0 msr-psc gfn=0x300 op=private
vmm answer vcpu=0 ret=0x100000000
vmm run vcpu=0
? @linux-6* guest.msr == 0x8000000000000015
? @linux-7.2 v0.ret == -EINVAL
`,
  ],
  [
    'the MSR protocol without map-range exits',
    launchedOne,
    `vmm hypercall-exits mask=0
v0 msr-psc gfn=0x300 op=private
? @part2-* guest.msr == 0x15
? @part2-* exits.count == 0
? @v1* exits.count == 1
? @as-reviewed @linux-* exits.count == 0
? @linux-* guest.msr == 0x8000000000000015
`,
  ],
  [
    'a batch without map-range exits',
    launchedOne,
    `vmm hypercall-exits mask=0
v0 psc entries=private:0x300
? @part2-* guest.info2 == 0
? @v1* exits.count == 1
? @as-reviewed @linux-* exits.count == 0
? @linux-* guest.info2 == 0x10000000000
? @linux-* psc.cur == 0
`,
  ],
  [
    'map-range exits switched off in the middle of a batch',
    launchedOne,
    `v0 psc entries=private:0x300,private:0x310,private:0x320
? @linux-* exits.count == 1
vmm hypercall-exits mask=0
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @linux-6* exits.count == 0
? @linux-6* guest.info2 == 0x10000000000
? @linux-6* psc.cur == 1
? @linux-7.2 exits.count == 1
? @linux-7.2 v0.run.hypercall.args[0] == 0x310000
`,
  ],
  [
    'another vCPU moves end_entry between two ranges',
    launchedTwo,
    `v0 init-sipi target=1
vmm run vcpu=1
v0 psc entries=private:0x300,private:0x310,private:0x320
? @as-reviewed @linux-* exits.count == 1
v1 store gpa=0x3f0000 private=no bytes=0x802:0000
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @linux-6* exits.count == 0
? @linux-6* v0.guestReadInfo2 == 0
? @linux-6* v0.run == inGuest
? @as-reviewed @linux-7.2 exits.count == 1
? @as-reviewed @linux-7.2 v0.run.hypercall.args[0] == 0x310000
`,
  ],
  [
    'cur_entry 253, end_entry 252',
    launchedOne,
    `v0 psc entries=private:0x300 cur=253 end=252
? @part2-v4 guest.info2 == 0x100000002
? @part2-v5 guest.info2 == 2
? @linux-* guest.info2 == 0
? @part2-* @linux-* exits.count == 0
? psc.cur == 253
`,
  ],
  [
    'cur_entry and end_entry 253',
    launchedOne,
    `v0 psc entries=private:0x300 cur=253 end=253
? @part2-v4 guest.info2 == 0x100000002
? @part2-v5 guest.info2 == 2
? @linux-* guest.info2 == 0x100000001
`,
  ],
  [
    'sw_scratch not marked valid',
    launchedOne,
    `v0 psc entries=private:0x300 omit=8
? @part2-v4 guest.info2 == 0x100000001
? @part2-v5 guest.info2 == 1
? @part2-* exits.count == 0
? @v1* exits.count == 1
? @v1* v0.run.vmgexit.psc.sharedGpa == 0
? @linux-* guest.info1 == 2
? @linux-* guest.info2 == 4
`,
  ],
  [
    'one entry behind offset 0x808',
    launchedOne,
    `v0 psc entries=private:0x300 scratch=0x3f0808
? @part2-v4 guest.info2 == 0
? @part2-v5 guest.info2 == 1
? @v1* v0.run.vmgexit.psc.sharedGpa == 0x3f0808
? @linux-* exits.count == 1
`,
  ],
  [
    '253 entries behind offset 0x808',
    launchedOne,
    `v0 psc entries=private:0x300 scratch=0x3f0808 end=252
? @linux-6.12 @linux-7.2 guest.info2 == 0x100000001
? @v1* exits.count == 1
`,
  ],
  [
    '252 entries behind offset 0x808',
    launchedOne,
    `v0 psc entries=private:0x400+252 scratch=0x3f0808
? @linux-6.12 @linux-7.2 exits.count == 1
? @linux-6.12 @linux-7.2 v0.run.hypercall.args[1] == 252
`,
  ],
  [
    'a buffer outside the GHCB page',
    launchedOne,
    `v0 psc entries=private:0x300 scratch=0x200000
? @linux-6.12 @linux-7.2 guest.info1 == 2
? @linux-6.12 @linux-7.2 guest.info2 == 3
? @v1* v0.run.vmgexit.psc.sharedGpa == 0x200000
? @linux-6.12 @linux-7.2 exits.count == 0
`,
  ],
  [
    'a header that ends behind the shared buffer',
    launchedOne,
    `v0 psc entries=private:0x300 scratch=0x3f0fec
? @linux-6.12 @linux-7.2 guest.info1 == 2
? @linux-6.12 @linux-7.2 guest.info2 == 3
`,
  ],
  [
    'a 2M entry off its boundary behind a good one',
    launchedOne,
    `v0 psc entries=private:0x300,private:0x301/2M
? @part2-* guest.info2 == 0x100000002
? @part2-* psc.cur == 1
? @part2-* page.0x300.rmp == Guest-Invalid
? @v1* exits.count == 1
? @linux-* exits.count == 1
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @linux-* guest.info2 == 0x100000002
? @linux-* psc.cur == 1
? @linux-* exits.count == 0
`,
  ],
  [
    'cur_page 2 of a 4K entry',
    launchedOne,
    `v0 psc entries=private:0x300@2
? @part2-* guest.info2 == 0
? @part2-* page.0x300.rmp == Guest-Invalid
? @linux-* guest.info2 == 0x100000002
? @linux-* exits.count == 0
? @linux-* psc.cur == 0
`,
  ],
  [
    'cur_page 513 of a 2M entry',
    launchedOne,
    `v0 psc entries=private:0x200/2M@513
? @linux-* guest.info2 == 0x100000002
`,
  ],
  [
    'an entry that is done already',
    launchedOne,
    `v0 psc entries=private:0x300@1
? @linux-* guest.info2 == 0
? @linux-* exits.count == 0
? @linux-* psc.cur == 1
? @part2-* guest.info2 == 0
`,
  ],
  [
    'two neighbouring 2M entries',
    launchedOne,
    `v0 psc entries=private:0x400/2M,private:0x600/2M
? @part2-* exits.count == 0
? @linux-* exits.count == 1
? @linux-* v0.run.hypercall.args[0] == 0x400000
? @linux-* v0.run.hypercall.args[1] == 1024
? @linux-* v0.run.hypercall.args[2] == 0x11
`,
  ],
  [
    'a 4K entry behind its 2M neighbour',
    launchedOne,
    `v0 psc entries=private:0x400/2M,private:0x600
? @linux-* v0.run.hypercall.args[1] == 512
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @linux-* v0.run.hypercall.args[0] == 0x600000
? @linux-* v0.run.hypercall.args[1] == 1
? @linux-* v0.run.hypercall.args[2] == 0x10
`,
  ],
  [
    'a half done 2M entry takes in a 4K entry that is not its neighbour',
    launchedOne,
    `v0 psc entries=private:0x400/2M@5,private:0x5fb
? @linux-* exits.count == 1
? @linux-* v0.run.hypercall.args[0] == 0x405000
? @linux-* v0.run.hypercall.args[1] == 508
? @linux-* v0.run.hypercall.args[2] == 0x11
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @linux-* guest.info2 == 0
? @linux-* psc.cur == 2
? @linux-* exits.count == 0
`,
  ],
  [
    'a half done 2M entry and its 2M neighbour',
    launchedOne,
    `v0 psc entries=private:0x200/2M@5,private:0x400/2M
? @linux-* exits.count == 1
? @linux-* v0.run.hypercall.args[1] == 507
? @part2-* exits.count == 0
? @part2-* page.0x400.rmp == Guest-Invalid
`,
  ],
  [
    'descending frames',
    launchedOne,
    `v0 psc entries=shared:0x301,shared:0x300
? @linux-* v0.run.hypercall.args[0] == 0x301000
? @linux-* v0.run.hypercall.args[1] == 1
? @linux-* v0.run.hypercall.args[2] == 0
`,
  ],
  [
    'UNSMASH alone in a batch',
    launchedOne,
    `v0 psc entries=unsmash:0x400/2M
? @part2-* @as-reviewed guest.info2 == 0x100000002
? @part2-* psc.cur == 0
? @v1* exits.count == 1
? @linux-* guest.info2 == 0
? @linux-* exits.count == 0
? @linux-* psc.cur == 1
`,
  ],
  [
    'operation 9 between two private entries',
    launchedOne,
    `v0 psc entries=private:0x300,9:0x301,private:0x302
? @part2-* guest.info2 == 0x100000002
? @part2-* psc.cur == 1
? @part2-* page.0x302.rmp == Hypervisor
? @linux-* v0.run.hypercall.args[1] == 1
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @linux-* v0.run.hypercall.args[0] == 0x302000
? @linux-* v0.run.hypercall.args[1] == 1
vmm answer vcpu=0 ret=0
vmm run vcpu=0
? @linux-* guest.info2 == 0
? @linux-* psc.cur == 3
`,
  ],
  [
    'RMPUPDATE says 7 to the second of three entries',
    launchedOne,
    `inject rmpupdate nth=2 code=7
v0 psc entries=private:0x300,private:0x301,private:0x302
? @part2-* guest.info2 == 0x300000002
? @part2-* psc.cur == 1
? @part2-* page.0x302.rmp == Hypervisor
`,
  ],
  [
    'RMPUPDATE says 1, which reads as a bad header',
    launchedOne,
    `inject rmpupdate nth=1 code=1
v0 psc entries=private:0x300
? @part2-* guest.info2 == 0x100000001
`,
  ],
  [
    'RMPUPDATE says 4',
    launchedOne,
    `inject rmpupdate nth=1 code=4
v0 psc entries=private:0x300
? @part2-* guest.info2 == 0x400000000
`,
  ],
  [
    'the VMM answers a batch with a word of its own',
    launchedOne,
    `v0 psc entries=private:0x300
vmm answer vcpu=0 ret=0xdeadbeef00000001
vmm run vcpu=0
? @v1* guest.info2 == 0xdeadbeef00000001
? @linux-6* guest.info2 == 0x10000000000
? @linux-7.2 v0.ret == -EINVAL
`,
  ],
  [
    'EAGAIN for the second range',
    launchedOne,
    `v0 psc entries=private:0x300,private:0x310
vmm answer vcpu=0 ret=0
vmm run vcpu=0
vmm answer vcpu=0 ret=11
vmm run vcpu=0
? @linux-* guest.info2 == 0x10000000000
? @linux-* psc.cur == 1
? @linux-* psc.entry[0].curPage == 1
? @linux-* psc.entry[1].curPage == 0
`,
  ],
  [
    'a refused 2M entry keeps its cur_page',
    launchedOne,
    `v0 psc entries=private:0x400/2M
vmm answer vcpu=0 ret=22
vmm run vcpu=0
? @linux-* guest.info2 == 0x10000000000
? @linux-* psc.entry[0].curPage == 0
`,
  ],
  [
    'the MSR protocol for a frame that no slot covers',
    launchedOne,
    `v0 msr-psc gfn=0x900000 op=private
? @part2-* guest.msr == 0xffffffff00000015
? @v1* exits.count == 1
? @linux-* exits.count == 1
? @linux-* v0.run.hypercall.args[0] == 0x900000000
`,
  ],
  [
    'a batch for the highest frame',
    launchedOne,
    `v0 psc entries=shared:0xffffffffff
? @linux-* exits.count == 1
? @linux-* v0.run.hypercall.args[0] == 0xffffffffff000
? @linux-* v0.run.hypercall.args[1] == 1
`,
  ],
  [
    'neighbours, one private and one shared',
    launchedOne,
    `v0 psc entries=private:0x300,shared:0x301
? @linux-* v0.run.hypercall.args[1] == 1
`,
  ],
  [
    '253 neighbouring 4K entries',
    launchedOne,
    `v0 psc entries=private:0x400+253
? @linux-* v0.run.hypercall.args[1] == 253
? @linux-* v0.run.hypercall.args[2] == 0x10
? @part2-* exits.count == 0
? @part2-* page.0x4fc.rmp == Guest-Invalid
`,
  ],
  [
    'one page left of a 2M entry keeps the 2M flag',
    launchedOne,
    `v0 psc entries=shared:0x400/2M@511
? @linux-* v0.run.hypercall.args[0] == 0x5ff000
? @linux-* v0.run.hypercall.args[1] == 1
? @linux-* v0.run.hypercall.args[2] == 1
`,
  ],
  [
    'a VMM that never writes its answer',
    launchedOne,
    `v0 psc entries=private:0x300
vmm run vcpu=0
? @v1* guest.info2 == 0
? @linux-6.17 guest.info2 == 0
? @linux-7.2 guest.info2 == 0
`,
  ],
  [
    'the VMM answers -EINVAL instead of EINVAL',
    launchedOne,
    `v0 psc entries=private:0x300
vmm answer vcpu=0 ret=0xffffffffffffffea
vmm run vcpu=0
? @linux-6* guest.info2 == 0x10000000000
? @linux-7.2 v0.ret == -EINVAL
`,
  ],
];

generationTests(cells);
