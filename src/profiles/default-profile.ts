import type { ProfileId } from './generations';

/** The generation used when nobody names one. In a file of its own: the shell of the page needs it, and no facet. */
export const defaultProfileId = 'linux-7.3' satisfies ProfileId;
