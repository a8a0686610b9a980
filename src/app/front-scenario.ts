/** The scenario of the front page, and the profiles that its text names: known before the text is there. */
export const FRONT = 'ap-create-on-init-then-create';
export const FRONT_PROFILES: readonly string[] = ['part2-v4', 'as-reviewed', 'linux-7.2'];
