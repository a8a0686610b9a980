/** How a class of pages looks: letter, hatch and colour token, each of which identifies it. */
import { pageClasses, SEAM_BIT, type PackedBands, type PageClass } from '../engine/page-class';

export type Hatch = 'frame' | 'diagonal' | 'solid' | 'notch' | 'cross' | 'thick' | 'dotted';

export interface PageLook {
  readonly letter: string;
  readonly hatch: Hatch;
  /** The fill is `--page-<token>`, the ink on it `--page-<token>-ink`. */
  readonly token: string;
  readonly title: string;
}

export const pageLooks: Readonly<Record<PageClass, PageLook>> = {
  shared: { letter: 'S', hatch: 'frame', token: 'shared', title: 'shared, hypervisor' },
  guestInvalid: { letter: 'i', hatch: 'diagonal', token: 'invalid', title: 'private, not validated' },
  guestValid: { letter: 'v', hatch: 'solid', token: 'valid', title: 'private, validated' },
  vmsa: { letter: 'M', hatch: 'notch', token: 'vmsa', title: 'VMSA' },
  firmware: { letter: 'F', hatch: 'cross', token: 'firmware', title: 'firmware, immutable' },
  violation: { letter: 'x', hatch: 'thick', token: 'bad', title: 'violation, leaked' },
  none: { letter: '·', hatch: 'dotted', token: 'none', title: 'no view, no memory' },
};

export type BandName = 'guest' | 'RMP' | 'KVM';
export const bandNames: readonly BandName[] = ['guest', 'RMP', 'KVM'];

/** Bands that look alike fuse into one block. */
export interface Block {
  readonly look: PageClass;
  /** First band and the band after the last, 0 to 3. */
  readonly from: number;
  readonly to: number;
}

const classAt = (bands: PackedBands, band: number): PageClass =>
  pageClasses[(bands >> (band * 3)) & 7] as PageClass;

/** The blocks of a cell, from the guest's band down. */
export function blocksOf(bands: PackedBands): Block[] {
  const blocks: Block[] = [];
  for (let band = 0; band < 3; band++) {
    const look = classAt(bands, band);
    const last = blocks.at(-1);
    if (last?.look === look) blocks[blocks.length - 1] = { ...last, to: band + 1 };
    else blocks.push({ look, from: band, to: band + 1 });
  }
  return blocks;
}

/** Borders between bands that contradict each other: 1 between guest and RMP, 2 between RMP and KVM. */
export function notchesOf(bands: PackedBands): number[] {
  if ((bands & SEAM_BIT) === 0) return [];
  const [guest, rmp, kvm] = [0, 1, 2].map((band) => classAt(bands, band));
  const notches = rmp === kvm ? [] : [2];
  return guest !== 'none' && guest !== rmp ? [1, ...notches] : notches;
}

/** The cell in words, for labels and tables. */
export function bandsText(bands: PackedBands): string {
  const words = blocksOf(bands).map(({ look, from, to }) => {
    const who = bandNames.slice(from, to).join(', ');
    return `${who}: ${pageLooks[look].title}`;
  });
  return words.join('; ') + ((bands & SEAM_BIT) === 0 ? '' : '; seam');
}

/** One code for the whole cell, as the overview paints it: the RMP's class, or 7 for a seam. */
export const SEAM_CODE = 7;
export function summaryCode(bands: PackedBands): number {
  return (bands & SEAM_BIT) === 0 ? (bands >> 3) & 7 : SEAM_CODE;
}
