/**
 * What one vCPU's guest does, as C: each request by the MSR protocol or the GHCB page with the bytes that the guest wrote in
 * the run, and a check of the answer. Other acts are named in comments.
 */
import { gpaToGfn, PAGE_SIZE } from '../../abi/address';
import {
  GHCB_MSR_INFO_MASK,
  GHCB_MSR_NO_GFN,
  GHCB_MSR_REG_GPA_REQ,
  GHCB_MSR_REG_GPA_RESP,
} from '../../abi/ghcb-msr';
import { ghcbPage, GHCB_SHARED_BUFFER, GHCB_VALID_BITMAP } from '../../abi/ghcb-page';
import { hex } from '../../base/hex';
import type { ByteView } from '../../base/bytes';
import type { MoveName } from '../../engine/moves';
import type { PerformedAct, Timeline } from '../../recording/timeline/timeline';
import { lineText } from '../../scenarios/print';
import { actLine } from '../../scenarios/scenario';
import { comment, functionText, u64 } from './c-text';
import { CHECKS } from './stop-codes';

const requests: readonly MoveName[] = ['msrRequest', 'naeRequest'];
const answers: readonly MoveName[] = [
  'msrAnswer',
  'msrIgnored',
  'naeAnswer',
  'naeIgnored',
  'malformedInput',
  'pscAnswer',
];
const WORD = 8;

/** @param isDone whether its guest still executes at the end, so that it can say that it is done */
export function guestHalf(timeline: Timeline, vcpu: number, isDone: boolean): string[] {
  const acts = timeline.acts.filter(({ act }) => act.actor === 'guest' && act.vcpu === vcpu);
  const writer = new GuestWriter(timeline, vcpu);
  const body = acts.flatMap((performed) => writer.act(performed));
  return functionText(`static void guest_v${vcpu}(volatile u64 *ghcb, u64 ghcb_gpa)`, [
    ...body,
    ...(isDone ? ['guest_done();'] : [comment('the run does not come back to this code')]),
  ]);
}

class GuestWriter {
  private checks = 0;

  constructor(
    private readonly timeline: Timeline,
    private readonly vcpu: number,
  ) {}

  act({ act, firstStep, stepCount, refused }: PerformedAct): string[] {
    const text = lineText(actLine(act));
    if (refused !== undefined) return [comment(`${text}: not possible: ${refused}`)];
    const steps = Array.from({ length: stepCount }, (_, i) => firstStep + i);
    const lines = steps.flatMap((step) => this.request(step));
    if (lines.length === 0) return [comment(`${text}: not in this skeleton`), ''];
    return [comment(`step ${firstStep + 1}: ${text}`), ...lines, ''];
  }

  private request(step: number): string[] {
    const { move } = this.timeline.step(step);
    if (move?.vcpu !== this.vcpu || !requests.includes(move.kind)) return [];
    const answered = this.answerOf(step);
    if (move.kind === 'msrRequest') {
      const value = move.args['value'] as bigint;
      return [
        `msr_request(${msrText(value)});`,
        ...(answered === undefined ? [] : [`check_msr(${msrText(this.msrAt(answered))}, ${this.check()});`]),
      ];
    }
    return [
      ...this.pageWords(step),
      'page_request(ghcb_gpa);',
      ...(answered === undefined ? [] : [this.pageCheck(answered)]),
    ];
  }

  private check(): number {
    return (this.checks++ % CHECKS) + 1;
  }

  private gpaAt(step: number): bigint {
    return this.timeline.at(step + 1).world.vcpu(this.vcpu).guestGhcbGpa;
  }

  private msrAt(step: number): bigint {
    return this.timeline.at(step + 1).world.vcpu(this.vcpu).ghcbMsr;
  }

  private pageAt(step: number): ByteView | undefined {
    return this.timeline.at(step + 1).world.findImage('shared', gpaToGfn(this.gpaAt(step)));
  }

  /** The step at which KVM answers a request, unless there is none before the next. */
  private answerOf(step: number): number | undefined {
    for (let at = step + 1; at < this.timeline.stepCount; at++) {
      const { move } = this.timeline.step(at);
      if (move?.vcpu !== this.vcpu) continue;
      if (answers.includes(move.kind)) return at;
      if (requests.includes(move.kind)) return undefined;
    }
    return undefined;
  }

  /** The bytes that are not zero in the page as the guest filled it. */
  private pageWords(step: number): string[] {
    const page = this.pageAt(step);
    const scratch = this.gpaAt(step) + BigInt(GHCB_SHARED_BUFFER);
    // KVM takes the bitmap out of the page as it takes the request.
    const { validLow, validHigh } = this.timeline.at(step + 1).world.vcpu(this.vcpu);
    const taken = new Map([
      [GHCB_VALID_BITMAP, validLow],
      [GHCB_VALID_BITMAP + WORD, validHigh],
    ]);
    const lines = ['ghcb_clear(ghcb);'];
    for (let at = 0; page && at < PAGE_SIZE; at += WORD) {
      const value = page.u64(at) || (taken.get(at) ?? 0n);
      if (value === 0n) continue;
      const text = value === scratch ? `ghcb_gpa + ${hex(GHCB_SHARED_BUFFER)}` : u64(value);
      lines.push(`ghcb[${hex(at)} / 8] = ${text}; ${comment(fieldAt(at))}`);
    }
    return lines;
  }

  private pageCheck(step: number): string {
    const page = this.pageAt(step);
    const words = (['swExitInfo1', 'swExitInfo2'] as const).map((name) =>
      u64(page ? page.u64(ghcbPage.offsetOf(name)) : 0n),
    );
    return `check_page(ghcb, ${words.join(', ')}, ${this.check()});`;
  }
}

/** A value of the MSR; where it registers the model's page, or says that it is, the page of the selftest stands. */
function msrText(value: bigint): string {
  const code = Number(value & BigInt(GHCB_MSR_INFO_MASK));
  const isRefused = gpaToGfn(value) === GHCB_MSR_NO_GFN;
  const registers = code === GHCB_MSR_REG_GPA_REQ || (code === GHCB_MSR_REG_GPA_RESP && !isRefused);
  return registers ? `ghcb_gpa | ${hex(code, 3)}` : u64(value);
}

/** The fields in a word of the page. */
function fieldAt(at: number): string {
  const names = Object.entries(ghcbPage.fields).filter(
    ([, { at: start, size }]) => start < at + WORD && start + size > at,
  );
  return names.map(([name]) => name).join(', ');
}
