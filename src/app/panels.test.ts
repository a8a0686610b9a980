import { lessonViews } from '../lessons/lesson';
import { expect, test } from 'vitest';
import { commandsOf } from './commands';
import { panelNamed, panels } from './panels';
import { parseAddress, printAddress, type Target } from './url';

const ignored = (): void => undefined;
const commands = commandsOf({
  cycleRegion: ignored,
  leave: ignored,
  copyLink: ignored,
  copyMail: ignored,
  openFile: ignored,
  inspect: ignored,
  focusEditor: ignored,
});

test('no two views have one name, and no two commands have one key', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const keys = commands.flatMap((command) => command.keys);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});

test.each(panels)('$id: its keys open it, and `v=$id` names it', (panel) => {
  expect(commands.find(({ id }) => id === `view-${panel.id}`)?.keys).toEqual([panel.keys]);
  expect(panelNamed(panel.id)).toBe(panel);
});

test.each(panels.filter(({ link }) => link !== undefined))(
  '$id: a link to a place in it is read back',
  ({ id, link }) => {
    const target: Target = { kind: 'view', view: id, path: ['a', 'b-1'] };
    const text = printAddress(target);
    expect(text).toBe(`#/${link?.prefix ?? ''}/a/b-1`);
    expect(parseAddress(text)).toEqual({ target, showing: {}, remarks: [] });
  },
);

test('a lesson may show each view', () => {
  expect([...lessonViews].sort()).toEqual(panels.map(({ id }) => id).sort());
});
