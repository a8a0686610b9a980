import { expect, test } from 'vitest';
import { errno, errnoName, errnoText } from './errno';
import { firmwareCommands, firmwareStatus, firmwareStatusText, SEV_CMD_SNP_PAGE_RECLAIM } from './firmware';
import { mpStates } from './mp-state';

test.each([
  [0, 'SUCCESS'],
  [0x0a, 'BAD_SIGNATURE'],
  [0x16, 'INVALID_PARAM'],
  [0x1a, 'INVALID_PAGE_STATE'],
  [0x1e, '0x1e'],
  [0xffff_ffff, 'NO_FW_CALL'],
])('status %i reads %s', (code, text) => expect(firmwareStatusText(code)).toBe(text));

test('no two status names share a number', () => {
  const codes = Object.values(firmwareStatus);
  expect(new Set(codes).size).toBe(codes.length);
});

test('commands are named by their id', () => {
  expect(firmwareCommands[SEV_CMD_SNP_PAGE_RECLAIM]).toBe('SNP_PAGE_RECLAIM');
});

test.each([
  [0, '0'],
  [-22, '-EINVAL'],
  [-133, '-EHWPOISON'],
  [-9999, '-9999'],
  [24, '24'],
])('an ioctl that returned %i reads %s', (returned, text) => expect(errnoText(returned)).toBe(text));

test('what userspace answers is a positive number', () => {
  expect([errno.EINVAL, errno.EAGAIN, errno.ENOSPC, errno.EIO]).toEqual([22, 11, 28, 5]);
  expect(errnoName(11)).toBe('EAGAIN');
});

test('mp_state numbers', () => {
  expect(Object.values(mpStates)).toEqual([
    'RUNNABLE',
    'UNINITIALIZED',
    'INIT_RECEIVED',
    'HALTED',
    'SIPI_RECEIVED',
    'STOPPED',
    'CHECK_STOP',
    'OPERATING',
    'LOAD',
    'AP_RESET_HOLD',
    'SUSPENDED',
  ]);
});
