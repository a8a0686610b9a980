/** What a lesson says of runs and is not so is found, at its line. */
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { library } from '../testing/lessons/shipped-lessons';
import { parseLesson } from './parse';
import { predictionOf } from './predict';
import { LessonRuns } from './runs';
import { studyProblems } from './study';

const runs = new LessonRuns(library);
const text = (body: string, scenario = 'ps-1-msr-shared', profile = 'linux-7.2'): string =>
  `---\ntitle: A lesson\nprofile: ${profile}\nscenario: ${scenario}\nminutes: 5\n---\n## One\n${body}\n`;

function mistakes(whole: string): readonly string[] {
  const { lesson, problems } = parseLesson(whole);
  return [...problems, ...finish(studyProblems(lesson, runs))].map(
    ({ line, message }) => `${line}: ${message}`,
  );
}
const predict =
  '```predict\nask What?\nof page.0x10.rmp\nact v0 msr-psc gfn=0x10 op=private\nor under part2-v4\n';

test.each<[string, string, string]>([
  [
    'a scenario',
    text('', 'ps-1-msr-shred'),
    "4: there is no scenario 'ps-1-msr-shred'; did you mean 'ps-1-msr-shared'?",
  ],
  ['a profile', text('', 'ps-1-msr-shared', 'linux-7.9'), "did you mean 'linux-7.2'?"],
  ['a profile beside a wrong scenario', text('', 'ps-1-msr-shred', 'linux-7.9'), "did you mean 'linux-7.2'?"],
  ['an act', text('```goto\nafter v0 msr-psk\n```'), '9: no act of the scenario begins with'],
  ['one act of several', text('```goto\nafter v0 msr-psc\n```'), '9: 2 acts of the scenario begin with'],
  ['a step', text('```goto\nstep 9999\n```'), '9: there is no step 9999'],
  ['a finding', text('```goto\nfinding 77\n```'), '9: there is no finding 77'],
  ['a filter', text('```goto\nfilter v0.exitt == 1\n```'), "9: 'v0.exitt == 1', character"],
  ['a filter that no step meets', text('```goto\nfilter guest.result == 3\n```'), '9: '],
  ['a divergence of one run', text('```goto\ndivergence\n```'), '9: the runs differ nowhere'],
  ['one choice', text(predict.replace('part2-v4', 'linux-6.11') + '```'), '8: there is one choice only'],
  [
    'a question about a run that the screen does not show',
    text(`${predict}under part2-v4\nor under linux-7.2\n\`\`\``),
    '8: the question is about part2-v4, and the screen shows linux-7.2',
  ],
  ['a call of no value', text(`${predict}call Guest-Valid: a\n\`\`\``), "13: no run gives 'Guest-Valid'"],
  ['an act in place of another', text(`${predict}or instead v0 rad gpa=0\n\`\`\``), '13: '],
  [
    'a claim',
    text('```goto\nafter launch standard\n```\n```check\nexpect page.0x10.rmp == Guest-Valid\n```'),
    'under linux-7.2 this does not hold',
  ],
  ['a claim of some step', text('```check\nsome guest.msr == 0x99\n```'), '0 steps meet it'],
  [
    'a task that is done',
    text('```goto\nend\n```\n```try\ntask a\nuntil guest.msr == 0x15\nsolution v0 cpuid form=msr fn=0\n```'),
    'nothing is left to do',
  ],
  [
    'a solution',
    text(
      '```goto\nend\n```\n```try\ntask a\nuntil page.0x300.rmp == Guest-Valid\nsolution v0 msr-psc gfn=0x300 op=private\n```',
    ),
    'the solution does not solve the task',
  ],
  [
    'a link',
    text('[a](#/s/linux-bot)'),
    "8: the link #/s/linux-bot leads nowhere; did you mean 'linux-boot'?",
  ],
  ['runs said to be the same', text('```compare\nunder linux-7.2 part2-v4\nsame\n```'), '8: the runs differ'],
])('%s that is wrong is found', (_, whole, complaint) => {
  expect(mistakes(whole).join('\n')).toContain(complaint);
});

test('choices and answer of a prediction come from the runs', () => {
  const { lesson } = parseLesson(text(`${predict}\`\`\``));
  const [screen] = lesson.screens;
  const block = screen?.blocks[0];
  if (!screen || block?.kind !== 'predict') throw new Error('no prediction');
  const result = finish(predictionOf(runs, block, screen));
  expect(result).toMatchObject({
    ok: true,
    value: {
      spec: 'linux-7.2',
      choices: [
        { value: 'Guest-Invalid', isRight: false, from: ['under part2-v4'] },
        { value: 'Hypervisor', isRight: true, from: ['under linux-7.2'] },
      ],
    },
  });
});
