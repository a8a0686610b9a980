/**
 * Where a fact comes from and how sure we are. Every layout, event and rule carries one; the page shows it.
 *
 * AMD's own text of publication 56421 (the GHCB specification) was not available when these layouts were written: what
 * `source.ghcb` names is what Linux, EDK2, coconut-svsm, OpenVMM and Oak all implement.
 */

/** executed: the kernel's own function was run; read: seen in a primary source; inferred: follows from code that was read. */
export type Confidence = 'executed' | 'read' | 'inferred' | 'unconfirmed';

/** A document, the place in it, and how far the fact was checked. */
export interface Source {
  readonly confidence: Confidence;
  readonly document: string;
  readonly place?: string;
}

const of =
  (document: string) =>
  (place: string, confidence: Confidence = 'read'): Source => ({ confidence, document, place });

const fileOf =
  (document: string) =>
  (file: string, topic: string, confidence: Confidence = 'read'): Source => ({
    confidence,
    document,
    place: `${file}: ${topic}`,
  });

/** Kernel trees that were read or run. `0097f9df` is a torvalds/linux tree of mid-2025, between 6.15 and 6.17. */
export type KernelVersion = '7.3.4' | '7.2.13' | '7.0.12' | '6.17.0' | '6.12.117' | '6.11.11' | '0097f9df';

/** Constructors, one per primary source. `confidence` is `read` unless said otherwise. */
export const source = {
  /** AMD publication 56421, as Linux, EDK2 and coconut-svsm implement it. `place` is the chapter's topic. */
  ghcb: of('AMD publication 56421 (GHCB protocol), as implemented by Linux, EDK2 and coconut-svsm'),
  /** AMD publication 56421 as one named implementation alone shows it. */
  ghcbBy: (implementation: string, place: string, confidence: Confidence = 'read'): Source => ({
    confidence,
    document: `AMD publication 56421 (GHCB protocol), as implemented by ${implementation}`,
    place,
  }),
  /** A file of a Linux tree and the function or topic in it. */
  kernel: (version: KernelVersion, file: string, topic: string, confidence: Confidence = 'read'): Source => ({
    confidence,
    document:
      version === '0097f9df' ? 'torvalds/linux at 0097f9df, a tree before 6.17.0' : `Linux ${version}`,
    place: `${file}: ${topic}`,
  }),
  /** A header of the Linux 7.2.13 user ABI; offsets were printed by a compiled program. */
  uapi: fileOf('Linux 7.2.13 user ABI headers'),
  /** tianocore/edk2 at c5aa7e7d. */
  edk2: fileOf('tianocore/edk2 at c5aa7e7d'),
  /** coconut-svsm/svsm at f4bc4bcd. */
  svsm: fileOf('coconut-svsm/svsm at f4bc4bcd'),
  /** AMD's published SEV firmware source, amd/AMD-ASPFW at 3ca6650. */
  firmware: fileOf('amd/AMD-ASPFW at 3ca6650'),
  /** microsoft/openvmm at 046d1b49. */
  openvmm: fileOf('microsoft/openvmm at 046d1b49'),
  /** project-oak/oak at 0beb0de8. */
  oak: fileOf('project-oak/oak at 0beb0de8'),
  /** virtee/sev at 9cf2adbf. */
  virtee: fileOf('virtee/sev at 9cf2adbf'),
  /** QEMU 10.0.13 and 10.2.2; the cited code is the same in both. */
  qemu: fileOf('QEMU 10.0.13 and 10.2.2'),
  /** A published Rust crate. */
  crate: fileOf('Rust crates'),
  /** AMD64 Architecture Programmer's Manual; nothing of it was checked, so `unconfirmed` unless said otherwise. */
  apm: (place: string, confidence: Confidence = 'unconfirmed'): Source => ({
    confidence,
    document: "AMD64 Architecture Programmer's Manual",
    place,
  }),
  /** A mail: its subject or message id, its author, its date. */
  mail: (id: string, who: string, date: string, confidence: Confidence = 'read'): Source => ({
    confidence,
    document: `mail of ${who}, ${date}`,
    place: id,
  }),
};

/** The same source with another confidence, for a fact that is less (or better) checked than its neighbours. */
export const marked = (base: Source, confidence: Confidence): Source => ({ ...base, confidence });

/** One line for people: document, place, mark. */
export function sourceText(from: Source): string {
  const place = from.place === undefined ? '' : `, ${from.place}`;
  return `${from.document}${place} (${from.confidence})`;
}
