import { expect, test } from 'vitest';
import { marked, source, sourceText } from './source';

test('a source names its document, its place and how far it was checked', () => {
  const run = source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'snp_begin_psc', 'executed');
  expect(sourceText(run)).toBe('Linux 7.2.13, arch/x86/kvm/svm/sev.c: snp_begin_psc (executed)');
  expect(sourceText(source.mail('subject', 'A. Reviewer', '21 Jul 2021'))).toBe(
    'mail of A. Reviewer, 21 Jul 2021, subject (read)',
  );
  expect(source.apm('RMPADJUST').confidence).toBe('unconfirmed');
  expect(marked(run, 'inferred')).toEqual({ ...run, confidence: 'inferred' });
});

test('a tree without a release is named by its commit', () => {
  expect(source.kernel('0097f9df', 'sev.c', 'x').document).toBe(
    'torvalds/linux at 0097f9df, a tree before 6.17.0',
  );
});
