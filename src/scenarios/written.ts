/** A parameter as it was written: `vmsa=0x121000`. */
export interface WrittenParameter {
  readonly name: string;
  readonly text: string;
}
