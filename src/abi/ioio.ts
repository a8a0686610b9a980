/** SW_EXITINFO1 of NAE event IOIO (0x07b): one port access. */
import { word } from './layout';
import { source } from './source';

/** The access. Sizes are one-hot; `sizeBytes` read as a number is the byte count, 0 makes KVM resume without any I/O. */
export const ioioInfo1 = word('IOIO (SW_EXITINFO1)', source.ghcb('IOIO NAE event'), {
  direction: { bits: [0, 0], names: { 0: 'out', 1: 'in' }, doc: 'Direction' },
  reserved1: { bits: [1, 1], reserved: true, doc: 'Zero' },
  string: {
    bits: [2, 2],
    as: 'flag',
    doc: 'String form (INS, OUTS): data in SW_SCRATCH, count in SW_EXITINFO2',
  },
  rep: { bits: [3, 3], as: 'flag', doc: 'REP prefix' },
  sizeBytes: { bits: [6, 4], as: 'dec', doc: 'Bytes of one item: 1, 2 or 4' },
  addressSize: {
    bits: [9, 7],
    names: { 0: 'none given', 1: '16-bit', 2: '32-bit', 4: '64-bit' },
    doc: 'Address size, one-hot; coconut-svsm leaves it zero',
  },
  segment: {
    bits: [12, 10],
    names: { 0: 'ES', 3: 'DS' },
    doc: 'Segment of the memory operand; guests use ES for INS, DS for OUTS',
  },
  reserved13: { bits: [15, 13], reserved: true, doc: 'Zero' },
  port: { bits: [31, 16], as: 'hex', doc: 'Port' },
  reserved32: { bits: [63, 32], reserved: true, doc: 'Zero' },
});
