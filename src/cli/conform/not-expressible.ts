/** A case of a kind that has a driver, but for which this model has no words: counted as unsupported, with the reason. */
export class NotExpressible extends Error {}

export function expressible(holds: boolean, what: string): void {
  if (!holds) throw new NotExpressible(`not modelled: ${what}`);
}
