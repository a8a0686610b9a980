import { expectStep, listen, openRun, whereAmI } from './shell';
import { expect, test } from './test';

/**
 * The steps taken one by one: all in a long run. Otherwise the first ones, the GHCB's negotiation with the first
 * conversion, and the end.
 */
const stretches = (of: number): [from: number, to: number][] =>
  process.env['VMGEXIT_LONG'] === '1'
    ? [[0, of]]
    : [
        [0, 10],
        [250, 300],
        [of - 40, of],
      ];

test('linux-boot runs from the first step to termination by keyboard alone', async ({ page }) => {
  test.slow(); // hundreds of keys, each drawn
  await openRun(page, '#/s/linux-boot');
  await page.keyboard.press('g');
  await page.keyboard.press('g');
  await expectStep(page, 0);
  const heard = await listen(page);
  const { of } = await whereAmI(page);
  let sentences = 0;
  for (const [from, to] of stretches(of)) {
    if (from > 0) {
      await page.keyboard.type(`${from}G`);
      sentences++;
    }
    await expectStep(page, from);
    for (let step = from; step < to; step++) await page.keyboard.press('j');
    sentences += to - from;
  }
  await expectStep(page, of);

  // What a screen reader heard, against the reference: MSR protocol, page state change, termination.
  const said = await heard();
  expect(said).toHaveLength(sentences);
  expect(said[0]).toMatch(/^Step 1 of \d+, .*KVM_CREATE_VM/);
  const run = said.join('\n');
  expect(run).toMatch(/vCPU 0 to KVM: MSR SEV_INFO_REQ 0x2\./);
  expect(run).toMatch(/KVM to vCPU 0: MSR SEV_INFO_RESP 0x2000133000001\./);
  expect(run).toMatch(/KVM to VMM: HYPERCALL MAP_GPA_RANGE/);
  expect(run).toMatch(/KVM to VMM: SYSTEM_EVENT type 6/);
  await expect(page.getByText(/expectations hold/)).toBeVisible();
});
