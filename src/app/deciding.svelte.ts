/** The findings of what is shown, in groups: at once as they were found, a little later by the facets that decided them. */
import { plainGroups, type FindingGroup } from '../views/outline/finding-groups';
import { loaded } from './chunk';
import type { Course } from './course';
import { Jobs } from './jobs.svelte';

/** The page whose findings are grouped. */
export interface DecidedPage {
  readonly course: Course | undefined;
  warn(text: string): void;
}

export class Deciding {
  groups: readonly FindingGroup[] = $state.raw([]);

  private readonly jobs = new Jobs();

  constructor(private readonly page: DecidedPage) {}

  /** Groups again: another run is shown. */
  async run(): Promise<void> {
    const { page } = this;
    const { course } = page;
    this.jobs.end();
    this.groups = plainGroups(course?.findings ?? []);
    if (!course?.comparison || !course.findings.some(({ isSplit, inLaunch }) => isSplit && !inLaunch)) return;
    const load = () => import('./finding-groups');
    const part = await loaded('What groups findings', load, (why) => page.warn(why));
    if (!part || course !== page.course) return;
    const parts = part.groupedFindings(course.comparison, course.findings);
    const groups = await this.jobs.do({ parts, says: () => 'Grouping findings' });
    if (groups && course === page.course) this.groups = groups;
  }
}
