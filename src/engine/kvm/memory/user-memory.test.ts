/** Bytes of userspace at addresses that are not those of a page. */
import { describe, expect, test } from 'vitest';
import { pagesToBytes } from '../../../abi/address';
import { Launch } from '../../../testing/engine/test-launch';
import { userBits } from '../../memory/page-bits';
import { readUser64, setUserContent, USER_BUFFERS, userContent, writeUser64 } from './user-memory';

const WRITTEN = 0x0807_0605_0403_0201n;
const FIRST = 0xa8a7_a6a5_a4a3_a2a1n;
const SECOND = 0xb8b7_b6b5_b4b3_b2b1n;
const PAGE = 4;

/** Two buffer pages with eight bytes each. */
function buffers() {
  const { world } = new Launch('linux-6.12');
  setUserContent(world, PAGE, FIRST);
  setUserContent(world, PAGE + 1, SECOND);
  const at = (offset: bigint) => USER_BUFFERS + pagesToBytes(PAGE) + offset;
  const contents = () => [userContent(world, PAGE), userContent(world, PAGE + 1)];
  return { world, at, contents };
}

describe('eight bytes written to userspace', () => {
  test.each([
    ['0x0', WRITTEN, SECOND],
    ['0x3', 0x0504_0302_01a3_a2a1n, SECOND],
    ['0x8', FIRST, SECOND],
    ['0xff8', FIRST, SECOND],
    ['0xff9', FIRST, 0xb8b7_b6b5_b4b3_b208n],
    ['0xfff', FIRST, 0xb808_0706_0504_0302n],
  ])('at offset %s of a page change the pages that they lie in, byte by byte', (offset, first, second) => {
    const { world, at, contents } = buffers();
    writeUser64(world, at(BigInt(offset)), WRITTEN);
    expect(contents()).toEqual([first, second]);
  });

  test('stop at a page that userspace may only read', () => {
    const { world, at, contents } = buffers();
    world.pages.user.set(PAGE + 1, userBits.readOnly);
    writeUser64(world, at(0xfffn), WRITTEN);
    writeUser64(world, at(0x1000n), WRITTEN);
    expect(contents()).toEqual([FIRST, SECOND]);
  });

  test.each(['0x0', '0x3', '0xff9', '0xfff'])(
    'are what was read there, at offset %s: nothing changes',
    (offset) => {
      const { world, at, contents } = buffers();
      writeUser64(world, at(BigInt(offset)), readUser64(world, at(BigInt(offset))));
      expect(contents()).toEqual([FIRST, SECOND]);
    },
  );
});
