/** Runs before each test file: every property is tried from the seed of this run, and a failure names it. */
import fc from 'fast-check';
import { seed } from './effort';

fc.configureGlobal({ seed });
