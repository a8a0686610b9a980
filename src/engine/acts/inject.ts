/** Faults of the host, to come. */
import { may, need, table } from './parameter';

/** The kinds of faults. */
export const injectActs = table({
  firmware: {
    doc: 'a firmware command fails',
    params: {
      command: may('u64', 'command id; any when missing'),
      nth: may('count', '1 when missing'),
      status: need('u64', 'firmware status'),
    },
  },
  rmpupdate: {
    doc: 'an RMPUPDATE fails',
    params: { nth: may('count', '1 when missing'), code: need('count', 'return code') },
  },
  psmash: {
    doc: 'a PSMASH fails',
    params: { nth: may('count', '1 when missing'), code: need('count', 'return code') },
  },
  allocation: {
    doc: 'an allocation fails',
    params: {
      what: need(['request', 'firmware', 'vmsa', 'command', 'gmem', 'blob', 'mmu'], 'what is allocated'),
      nth: may('count', '1 when missing'),
    },
  },
  'ciphertext-hiding': {
    doc: 'the host is set up for ciphertext hiding, before the first VM',
    params: { asids: need('count', 'highest ASID of SNP guests') },
  },
  'panic-on-oops': { doc: 'the host is set up to panic at an oops (kernel.panic_on_oops)', params: {} },
  'no-direct-map': {
    doc: 'the kernel has neither struct page nor direct-map address for the memory behind a frame',
    params: { gfn: need('count', 'guest frame') },
  },
  'memory-failure': {
    doc: 'the memory behind the private page of a frame is damaged, and the kernel handles it',
    params: { gfn: need('count', 'guest frame') },
  },
  'pv-unhalt': {
    doc: 'pv_unhalted is set as a paravirtual kick would; the modelled guest is not offered that hypercall',
    params: { vcpu: need('count', 'vCPU id') },
  },
  answer: {
    doc: 'the personality answers an exit with another ret',
    params: { nth: may('count', '1 when missing'), ret: need('u64', 'hypercall.ret') },
  },
});
