/** Constants by their names in headers: what a person pastes when only the name was printed. */
import { firmwareCommands, firmwareStatus } from './firmware';
import { kvmExitReasons } from './kvm-run';
import type { NamedValue } from './named-value';
import { naeEvents } from './nae';

/** Names of constants, with the kind and the number of each. */
const constants: ReadonlyMap<string, readonly [kind: string, value: number, size: number]> = new Map([
  ...Object.entries(firmwareStatus).map(
    ([name, code]) => [name, ['firmware-status', code, 4]] as [string, [string, number, number]],
  ),
  ...Object.entries(firmwareCommands).map(
    ([id, name]) => [name, ['firmware-command', Number(id), 4]] as [string, [string, number, number]],
  ),
  ...Object.entries(kvmExitReasons).map(
    ([id, name]) => [name, ['exit-reason', Number(id), 4]] as [string, [string, number, number]],
  ),
  ...naeEvents.map(({ name, code }) => [name, ['nae-code', code, 8]] as [string, [string, number, number]]),
]);

export const constantNames: readonly string[] = [...constants.keys()];

/** The constant a text names, with or without its prefix. */
export function readConstant(text: string): NamedValue | undefined {
  const name = text
    .trim()
    .replace(/^SEV_RET_/i, '')
    .replace(/^SEV_CMD_/i, '')
    .toUpperCase();
  const found = constants.get(name);
  if (!found) return undefined;
  const [kind, value, size] = found;
  return { label: name, kind, value: BigInt(value), size, why: `It is the constant ${name}` };
}
