/** Every command of the page, once: keys, palette and help all come from this list. */
import { isSingleKey, type Sequence } from './keys';
import type { Session } from './session.svelte';
import { panels } from './panels';
import { themes } from './theme';

export type Group = 'Steps' | 'Views' | 'Run' | 'Page';

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: Group;
  readonly keys: readonly Sequence[];
  /** Works inside inputs too. */
  readonly everywhere?: true;
  /** Only then the keys are its own. */
  readonly when?: (session: Session) => boolean;
  readonly run: (session: Session, count: number | undefined) => void;
}

/** What a command does to the page itself; the session knows nothing of it. */
export interface PageActions {
  readonly cycleRegion: (by: number) => void;
  readonly leave: () => void;
  readonly copyLink: () => void;
  /** @param whole with all steps and the scenario, not only the answer */
  readonly copyMail: (whole: boolean) => void;
  readonly openFile: () => void;
  /** @param url another page than our own */
  readonly inspect: (url?: string) => void;
  readonly focusEditor: () => void;
}

export function commandsOf(page: PageActions): readonly Command[] {
  return [
    ...stepCommands,
    ...viewCommands(page),
    ...runCommands(page),
    ...lessonCommands,
    ...pageCommands(page),
  ];
}

function changeSpeed(session: Session, by: number): void {
  session.player.changeSpeed(by);
  session.say(`Speed ${session.player.speed} times.`);
}

const stepCommands: readonly Command[] = [
  {
    id: 'next',
    title: 'Next step',
    group: 'Steps',
    keys: ['j', 'ArrowDown'],
    run: (s, n = 1) => (s.stepper ? s.stepper.by(n) : s.stepBy(n)),
  },
  {
    id: 'previous',
    title: 'Previous step',
    group: 'Steps',
    keys: ['k', 'ArrowUp'],
    run: (s, n = 1) => (s.stepper ? s.stepper.by(-n) : s.stepBy(-n)),
  },
  {
    id: 'next-act',
    title: 'Next act',
    group: 'Steps',
    keys: ['J'],
    run: (s, n = 1) => s.jump('actStarts', n),
  },
  {
    id: 'previous-act',
    title: 'Previous act',
    group: 'Steps',
    keys: ['K'],
    run: (s, n = 1) => s.jump('actStarts', -n),
  },
  {
    id: 'next-exit',
    title: 'Next exit to userspace',
    group: 'Steps',
    keys: ['] x'],
    run: (s, n = 1) => s.jump('exits', n),
  },
  {
    id: 'previous-exit',
    title: 'Previous exit to userspace',
    group: 'Steps',
    keys: ['[ x'],
    run: (s, n = 1) => s.jump('exits', -n),
  },
  {
    id: 'next-phase',
    title: 'Next phase: launch, firmware, kernel, APs, devices, end',
    group: 'Steps',
    keys: ['] p'],
    run: (s, n = 1) => s.jump('phases', n),
  },
  {
    id: 'previous-phase',
    title: 'Previous phase',
    group: 'Steps',
    keys: ['[ p'],
    run: (s, n = 1) => s.jump('phases', -n),
  },
  {
    id: 'next-finding',
    title: 'Next finding',
    group: 'Steps',
    keys: ['] f'],
    run: (s, n = 1) => s.jump('findings', n),
  },
  {
    id: 'previous-finding',
    title: 'Previous finding',
    group: 'Steps',
    keys: ['[ f'],
    run: (s, n = 1) => s.jump('findings', -n),
  },
  {
    id: 'first-divergence',
    title: 'First step at which the profiles differ',
    group: 'Steps',
    keys: ['D'],
    run: (s) => s.firstDivergence(),
  },
  {
    id: 'next-divergence',
    title: 'Next step at which they differ',
    group: 'Steps',
    keys: ['n'],
    run: (s, n = 1) => s.jump('divergences', n),
  },
  {
    id: 'previous-divergence',
    title: 'Previous step at which they differ',
    group: 'Steps',
    keys: ['N'],
    run: (s, n = 1) => s.jump('divergences', -n),
  },
  {
    id: 'filter',
    title: 'Filter the steps',
    group: 'Steps',
    keys: ['f'],
    run: (s) => (s.stepper ? s.stepper.filter() : s.filtering.open()),
  },
  {
    id: 'next-hit',
    title: 'Next step that the filter means',
    group: 'Steps',
    keys: ['] h'],
    run: (s, n = 1) => (s.stepper ? s.stepper.hit(n) : s.filtering.jump(n)),
  },
  {
    id: 'previous-hit',
    title: 'Previous step that the filter means',
    group: 'Steps',
    keys: ['[ h'],
    run: (s, n = 1) => (s.stepper ? s.stepper.hit(-n) : s.filtering.jump(-n)),
  },
  {
    id: 'filter-value',
    title: 'What to do with the value in focus: filter by it, pin it',
    group: 'Steps',
    keys: ['F'],
    run: (s) => s.pinning.ask(document.activeElement),
  },
  {
    id: 'pin-value',
    title: 'Pin the value in focus to the rail, or unpin it; in a lesson, without one, present',
    group: 'Steps',
    keys: ['P'],
    run: (s) => {
      const { activeElement } = document;
      if (s.lessons.reading && !activeElement?.closest('[data-path]')) void s.lessons.present();
      else s.pinning.pin(activeElement);
    },
  },
  {
    id: 'first',
    title: 'Before the first step',
    group: 'Steps',
    keys: ['g g'],
    run: (s, n = 0) => (s.stepper ? s.stepper.to(n) : s.seek(n)),
  },
  {
    id: 'go-to',
    title: 'Last step; 12G: step 12',
    group: 'Steps',
    keys: ['G'],
    run: (s, n) => (s.stepper ? s.stepper.to(n ?? 'end') : s.seek(n ?? s.stepCount)),
  },
  {
    id: 'play',
    title: 'Play or pause',
    group: 'Steps',
    keys: ['Space'],
    run: (s) => s.player.toggle(),
  },
  {
    id: 'rail-closer',
    title: 'Rail closer to the step shown',
    group: 'Steps',
    keys: ['z'],
    run: (s, n = 1) => s.zoomRail(n),
  },
  {
    id: 'rail-wider',
    title: 'Rail wider, up to the whole run',
    group: 'Steps',
    keys: ['Z'],
    run: (s, n = 1) => s.zoomRail(-n),
  },
  { id: 'slower', title: 'Slower', group: 'Steps', keys: [','], run: (s) => changeSpeed(s, -1) },
  { id: 'faster', title: 'Faster', group: 'Steps', keys: ['.'], run: (s) => changeSpeed(s, 1) },
];

const viewCommands = (page: PageActions): readonly Command[] => [
  ...panels.map((panel): Command => ({
    id: `view-${panel.id}`,
    title: panel.title,
    group: 'Views',
    keys: [panel.keys],
    run: (s) => s.show(panel.id),
  })),
  {
    id: 'face',
    title: 'Drawing or table',
    group: 'Views',
    keys: ['t'],
    run: (s) => (s.face = s.face === 'drawing' ? 'table' : 'drawing'),
  },
  {
    id: 'split',
    title: 'Pages below the ladder, or not',
    group: 'Views',
    keys: ['\\'],
    run: (s) => s.memory.prefer({ split: !s.memory.preferences.split }),
  },
  {
    id: 'fold',
    title: 'Fold the launch, every act, or nothing',
    group: 'Views',
    keys: ['h'],
    run: (s) => s.folding.next(),
  },
  {
    id: 'inspector',
    title: 'Inspector, shown or not',
    group: 'Views',
    keys: ['i'],
    run: (s) => (s.inspectorOpen = !s.inspectorOpen),
  },
  {
    id: 'edit',
    title: 'Edit the scenario',
    group: 'Views',
    keys: ['e'],
    run: (s) => {
      s.show('source');
      page.focusEditor();
    },
  },
];

const runCommands = (page: PageActions): readonly Command[] => [
  {
    id: 'profiles',
    title: 'Choose profiles, compose your own',
    group: 'Run',
    keys: ['p'],
    run: (s) => (s.dialog = 'profiles'),
  },
  {
    id: 'compare',
    title: 'Compare the profiles, or A alone',
    group: 'Run',
    keys: ['d'],
    run: (s) => s.profiles.toggle(),
  },
  { id: 'swap', title: 'Swap A and B', group: 'Run', keys: ['x'], run: (s) => s.profiles.swap() },
  { id: 'acts', title: 'What may happen now', group: 'Run', keys: ['a'], run: (s) => s.openActs() },
  {
    id: 'run',
    title: 'Run the text',
    group: 'Run',
    keys: ['Ctrl-Enter'],
    everywhere: true,
    run: (s) => void s.runDraft(),
  },
  {
    id: 'next-branch',
    title: 'Next branch',
    group: 'Run',
    keys: ['B'],
    run: (s) => {
      const at = s.branches.findIndex(({ id }) => id === s.branchId);
      const next = s.branches[(at + 1) % s.branches.length];
      if (next) s.useBranch(next.id);
    },
  },
  {
    id: 'export',
    title: 'Export or print: mail, Mermaid, trace events, CSV, recording, selftest, pictures, handout',
    group: 'Run',
    keys: ['E'],
    run: (s) => (s.dialog = 'export'),
  },
  {
    id: 'note',
    title: 'Put a note on this act',
    group: 'Run',
    keys: ['m'],
    run: (s) => (s.stepper ? s.stepper.note() : s.revising.askNote()),
  },
  {
    id: 'leave-out',
    title: 'Leave this act out, in a branch',
    group: 'Run',
    keys: ['-'],
    run: (s) => void s.revising.leaveOut(),
  },
  {
    id: 'change-act',
    title: 'Change this act, in a branch',
    group: 'Run',
    keys: ['='],
    run: (s) => void s.revising.askChange(),
  },
  {
    id: 'act-earlier',
    title: 'This act before the one before it, in a branch',
    group: 'Run',
    keys: ['Alt-ArrowUp'],
    run: (s) => void s.revising.move(-1),
  },
  {
    id: 'act-later',
    title: 'This act behind the one behind it, in a branch',
    group: 'Run',
    keys: ['Alt-ArrowDown'],
    run: (s) => void s.revising.move(1),
  },
  {
    id: 'undo',
    title: 'Undo what was done with branches',
    group: 'Run',
    keys: ['u'],
    run: (s) => s.revising.undo(),
  },
  {
    id: 'redo',
    title: 'Do it again',
    group: 'Run',
    keys: ['U'],
    run: (s) => s.revising.redo(),
  },
  {
    id: 'compare-origin',
    title: 'Compare this branch with what it began as',
    group: 'Run',
    keys: ['c'],
    run: (s) => void s.beside.withOrigin(),
  },
  { id: 'save', title: 'Name this work', group: 'Run', keys: ['s'], run: (s) => s.save() },
  { id: 'open', title: 'Open a file', group: 'Run', keys: [], run: () => page.openFile() },
  { id: 'link', title: 'Copy a link', group: 'Run', keys: ['y'], run: () => page.copyLink() },
  {
    id: 'mail',
    title: 'Copy the answer as a mail of at most 25 lines',
    group: 'Run',
    keys: ['Y'],
    run: () => page.copyMail(false),
  },
  {
    id: 'mail-whole',
    title: 'Copy the whole mail: steps, sources and scenario',
    group: 'Run',
    keys: ['M'],
    run: () => page.copyMail(true),
  },
  {
    id: 'inspect',
    title: 'Feed the statecharts to the inspector page',
    group: 'Run',
    keys: [],
    run: () => page.inspect(),
  },
  {
    id: 'inspect-stately',
    title: 'Feed the statecharts to stately.ai (leaves this site)',
    group: 'Run',
    keys: [],
    run: () => page.inspect('https://stately.ai/inspect'),
  },
];

const inLesson = (session: Session): boolean => session.lessons.reading !== undefined;
const presenting = (session: Session): boolean => session.lessons.presenting;
const goScreen = (session: Session, by: number): void => {
  const { reading } = session.lessons;
  if (reading) void reading.go(reading.at + by);
};

const lessonCommands: readonly Command[] = [
  {
    id: 'next-screen',
    title: 'Next screen of the lesson',
    group: 'Steps',
    keys: ['] s'],
    when: inLesson,
    run: (s, n = 1) => goScreen(s, n),
  },
  {
    id: 'previous-screen',
    title: 'Previous screen of the lesson',
    group: 'Steps',
    keys: ['[ s'],
    when: inLesson,
    run: (s, n = 1) => goScreen(s, -n),
  },
  {
    id: 'present',
    title: 'Present the lesson: large type, a window for the speaker',
    group: 'Views',
    keys: ['V'],
    run: (s) => void s.lessons.present(),
  },
  {
    id: 'print-lesson',
    title: 'Print the lesson as a handout',
    group: 'Run',
    keys: [],
    when: inLesson,
    run: (s) => void s.lessons.print(),
  },
  {
    id: 'clicker-next',
    title: 'Next screen, while presenting',
    group: 'Steps',
    keys: ['PageDown'],
    when: presenting,
    run: (s) => goScreen(s, 1),
  },
  {
    id: 'clicker-previous',
    title: 'Previous screen, while presenting',
    group: 'Steps',
    keys: ['PageUp'],
    when: presenting,
    run: (s) => goScreen(s, -1),
  },
  {
    id: 'reveal',
    title: 'Reveal the answer of the screen',
    group: 'Steps',
    keys: ['r'],
    when: inLesson,
    run: (s) => s.lessons.reading?.reveal(),
  },
  {
    id: 'qr',
    title: 'QR code of this link',
    group: 'Run',
    keys: ['Q'],
    run: (s) => (s.dialog = 'qr'),
  },
  {
    id: 'lesson',
    title: 'Leave the lesson, or go back to it',
    group: 'Views',
    keys: ['L'],
    run: (s) => s.lessons.toggle(),
  },
];

const pageCommands = (page: PageActions): readonly Command[] => [
  {
    id: 'palette',
    title: 'Find a command, scenario or step',
    group: 'Page',
    keys: ['/', 'Ctrl-k'],
    everywhere: true,
    run: (s) => (s.dialog = 'palette'),
  },
  { id: 'help', title: 'Keys', group: 'Page', keys: ['?'], run: (s) => (s.dialog = 'help') },
  {
    id: 'next-region',
    title: 'Next region',
    group: 'Page',
    keys: ['F6'],
    everywhere: true,
    run: () => page.cycleRegion(1),
  },
  {
    id: 'previous-region',
    title: 'Previous region',
    group: 'Page',
    keys: ['Shift-F6'],
    everywhere: true,
    run: () => page.cycleRegion(-1),
  },
  { id: 'leave', title: 'Leave', group: 'Page', keys: ['Escape'], everywhere: true, run: () => page.leave() },
  {
    id: 'theme',
    title: 'Light, dark or as the system',
    group: 'Page',
    keys: [],
    run: (s) => {
      const next = themes[(themes.indexOf(s.memory.preferences.theme) + 1) % themes.length] ?? 'auto';
      s.memory.prefer({ theme: next });
      s.say(next === 'auto' ? 'Colours as the system has them.' : `Colours: ${next}.`);
    },
  },
  {
    id: 'single-keys',
    title: 'Single keys, on or off',
    group: 'Page',
    keys: [],
    run: (s) => {
      s.memory.prefer({ singleKeys: !s.memory.preferences.singleKeys });
      s.say(
        s.memory.preferences.singleKeys
          ? 'Single keys act.'
          : 'Single keys are off; Ctrl-K still opens the palette.',
      );
    },
  },
];

/** Whether a key may act where the focus is. `/` opens the palette outside inputs only; `Ctrl-k` everywhere. */
export function mayAct(
  sequence: Sequence,
  command: Command,
  where: { typing: boolean; singleKeys: boolean },
): boolean {
  const single = isSingleKey(sequence);
  if (where.typing) return command.everywhere === true && !single;
  return where.singleKeys || !single || sequence.startsWith('Arrow');
}
