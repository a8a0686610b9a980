/** From the bytes of a file to text, with one clear sentence when they cannot be a scenario. */
import { MAX_SCENARIO_BYTES } from '../base/limits';
import { problem, ok, type Result } from '../base/result';

export function scenarioText(bytes: Uint8Array): Result<string> {
  if (bytes.length === 0) return problem('the file is empty');
  if (bytes.length > MAX_SCENARIO_BYTES) {
    return problem(`the file has ${bytes.length} bytes; a scenario has at most ${MAX_SCENARIO_BYTES}`);
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) return problem(`the file is binary: byte ${zero} is zero`);
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return problem('the file is not UTF-8 text');
  }
}
