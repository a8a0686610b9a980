/**
 * No guest that anybody runs: it converts memory for ever, as a guest with a busy bounce buffer does, so that runs of a
 * million steps can be made. It accepts 2 MiB at a time and between times makes single pages shared and private again.
 */
import type { World } from '../../world';
import { memoryPages } from './machine';
import { each, once, type At, type Instruction, type Program } from './program';

const LARGE = 512;
/** Its GHCB page, below everything that it converts. */
const GHCB_GPA = 0x8000n;
/** Single pages are taken from here. */
const SMALL = { gfn: 0x2000, n: 0x4000 } as const;
/** The first 2 MiB unit, and how many requests for single pages stand between two of them. */
const FIRST_UNIT = (SMALL.gfn + SMALL.n) / LARGE;
const SMALL_PER_LARGE = 8;

const PRIVATE = 1;
const SHARED = 2;

/** A number that depends on the turn alone (Knuth's multiplicative hash). */
const mixed = (turn: number): number => Math.imul(turn, 2654435761) >>> 0;

function unit(world: World, turn: number): Instruction {
  const units = Math.floor(memoryPages(world) / LARGE) - FIRST_UNIT;
  const number = FIRST_UNIT + (turn % units);
  const operation = number % 3 === 0 ? SHARED : PRIVATE;
  const entries = [{ operation, gfn: number * LARGE, twoMeg: true, currentPage: 0 }];
  return { verb: 'psc', args: { entries } };
}

function request({ world, index }: At, turn: number): Instruction | undefined {
  if (index > 0) return undefined;
  const at = turn % (SMALL_PER_LARGE + 1);
  if (at === 0) return unit(world, turn / (SMALL_PER_LARGE + 1));
  const random = mixed(turn);
  const op = (random & 1) === 0 ? 'shared' : 'private';
  return { verb: 'msr-psc', args: { gfn: SMALL.gfn + ((random >>> 1) % SMALL.n), op } };
}

export const storm: Program = {
  name: 'storm',
  leastPages: SMALL.gfn + SMALL.n + 2 * LARGE,
  afterTermination: 'halts',
  phases: [
    once('GHCB', ({ index }) => (index > 0 ? undefined : { verb: 'register-ghcb', args: { gpa: GHCB_GPA } })),
    each('conversions', request),
  ],
  entry: () => 0,
};
