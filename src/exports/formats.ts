/** Every form that a run can be taken elsewhere in, once: the command line and the page offer this list. */
import type { Resumable } from '../base/resumable';
import { exitsCsv } from './exits-csv';
import type { Exported } from './exported';
import { runsJsonl } from './jsonl';
import { logText } from './log';
import { mailText } from './mail';
import { mermaidText } from './mermaid';
import { selftestText } from './selftest/selftest';
import { shortMail } from './short-mail';
import { traceEvents } from './trace-events';

export interface ExportFormat {
  readonly id: string;
  readonly title: string;
  /** Of a file, behind the dot. */
  readonly extension: string;
  readonly mediaType: string;
  readonly says: string;
  /** Some rows or steps at a time: a comparison of nine runs takes seconds. */
  readonly textOf: (exported: Exported) => Resumable<string>;
}

export const exportFormats = [
  {
    id: 'mail',
    title: 'Mail',
    extension: 'txt',
    mediaType: 'text/plain',
    says: 'the ladder in 72 columns, what decided it with sources, and the scenario to run',
    textOf: (exported) => mailText(exported.comparison, exported),
  },
  {
    id: 'mail-short',
    title: 'Short mail',
    extension: 'txt',
    mediaType: 'text/plain',
    says: 'at most 25 lines: who does what, at which act, and which facet decides',
    textOf: shortMail,
  },
  {
    id: 'mermaid',
    title: 'Mermaid',
    extension: 'mmd',
    mediaType: 'text/plain',
    says: 'the source of a sequence diagram',
    textOf: mermaidText,
  },
  {
    id: 'trace-json',
    title: 'Trace events',
    extension: 'json',
    mediaType: 'application/json',
    says: 'for chrome://tracing, Perfetto and speedscope; a step is a microsecond',
    textOf: traceEvents,
  },
  {
    id: 'log',
    title: 'Log',
    extension: 'log',
    mediaType: 'text/plain',
    says: 'the lines that KVM, QEMU and a Linux guest would print; the clock counts steps',
    textOf: logText,
  },
  {
    id: 'csv',
    title: 'CSV of exits',
    extension: 'csv',
    mediaType: 'text/csv',
    says: 'every return of KVM_RUN with the fields of kvm_run',
    textOf: exitsCsv,
  },
  {
    id: 'jsonl',
    title: 'Recording',
    extension: 'ghcb.jsonl',
    mediaType: 'application/x-ndjson',
    says: 'acts, steps and digest, one JSON text a line; of several runs their rows side by side',
    textOf: runsJsonl,
  },
  {
    id: 'selftest',
    title: 'KVM selftest',
    extension: 'c',
    mediaType: 'text/x-csrc',
    says: 'the skeleton of a KVM selftest in C: guest half and host half of the first profile',
    textOf: selftestText,
  },
] as const satisfies readonly ExportFormat[];

export type ExportId = (typeof exportFormats)[number]['id'];
