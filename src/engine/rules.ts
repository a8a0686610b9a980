/**
 * Rules: one sentence and a source for each decision that a step shows. The tables of the areas are put together here.
 */
import { apRules } from './rules/ap';
import { guestRules } from './rules/guests';
import { launchRules } from './rules/launch';
import { naeRules } from './rules/nae';
import { pageRules } from './rules/pages';
import { runRules } from './rules/run';
import { threadRules } from './rules/threads';
import { vmgexitRules } from './rules/vmgexit';
import { vmmRules } from './rules/vmm';

export type { Rule } from './rules/rule';

export const rules = {
  ...vmgexitRules,
  ...naeRules,
  ...apRules,
  ...runRules,
  ...launchRules,
  ...pageRules,
  ...vmmRules,
  ...threadRules,
  ...guestRules,
};
export type RuleId = keyof typeof rules;
export const ruleIds = Object.keys(rules) as readonly RuleId[];
