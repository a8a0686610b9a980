import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { expect, test } from 'vitest';
import { pack, unpack } from './pack';

test('any text survives a link', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(unpack(1, pack(text))).toEqual({ ok: true, value: text });
      expect(pack(text)).toMatch(/^[A-Za-z0-9_-]*$/);
    }),
  );
});

test('a scenario of 13 lines is a link of about 250 characters', () => {
  const text = `ghcb-scenario 1
title   AP_CREATE on a vCPU that is created-on-init
profile part2-v4 linux-7.2
vm      vcpus=2 memory=4M
launch  standard
v0      init-sipi target=1
v1      hold form=msr
v0      make-vmsa gpa=0x121000
v0      make-vmsa gpa=0x122000
v0      ap-create-on-init target=1 vmsa=0x121000
v0      ap-create target=1 vmsa=0x122000
v0      init target=1
end ghcb-scenario
`;
  expect(pack(text).length).toBeLessThan(330);
});

test.each([
  ['cut off', 1, pack('ghcb-scenario 1\ntitle a longer text that is cut').slice(0, 20)],
  ['not base64', 1, '!!!!'],
  ['of a newer codec', 7, 'abc'],
  ['a bomb', 1, btoa(String.fromCharCode(...deflateSync(new Uint8Array(3 << 20))))],
])('a link that is %s gives one sentence', (_, codec, payload) => {
  const result = unpack(codec, payload);
  expect(result).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/^The .*\.$/) as string },
  });
});
