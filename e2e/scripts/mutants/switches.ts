/** A source file in which each of some changes can be switched on while the tests run, and in which no loop is endless. */
import ts from 'typescript';
import type { Mutation } from './mutations';

/** A change with the number that switches it on. */
export interface Numbered extends Mutation {
  readonly id: number;
}

interface Edit {
  readonly at: number;
  readonly text: string;
  /** Of edits at one place, the lower comes first. */
  readonly order: number;
}

/** What the changed code calls: whether a change is on, and that a loop goes round once more. */
export interface Switchboard {
  /** While no change is on, this notes that the code of one runs, if nothing else does. @returns whether it is on */
  $mutant(id: number, isSeenElsewhere?: boolean): boolean;
  /** As `$mutant`, for expressions that can be evaluated to see: what is noted is that their values differ. */
  $differs(id: number, was: () => unknown, becomes: () => unknown): boolean;
  /** The value of a condition, noting that it is not what the change makes of it. */
  $unlike(id: number, becomes: boolean, value: unknown): unknown;
  $round(): void;
}

/** An outer change encloses an inner one, so it opens earlier and closes later. */
function editsFor(mutation: Numbered): Edit[] {
  const { id, start, end, isStatement } = mutation;
  const length = end - start;
  return isStatement
    ? [
        { at: start, text: `{if (!$mutant(${id})) {`, order: -length },
        { at: end, text: '}}', order: length },
      ]
    : [
        { at: start, text: `(${choice(mutation)}(`, order: -length },
        { at: end, text: mutation.isCondition ? ')))' : '))', order: -1e9 + length },
      ];
}

/** What stands before an expression that a change replaces. */
function choice({ id, was, becomes, isPure, isCondition }: Numbered): string {
  if (isCondition) return `$mutant(${id},true)?${becomes}:$unlike(${id},${becomes},`;
  const isOn = isPure ? `$differs(${id},()=>(${was}),()=>(${becomes}))` : `$mutant(${id})`;
  return `${isOn}?(${becomes}):`;
}

function loopEdits(file: ts.SourceFile): Edit[] {
  const edits: Edit[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIterationStatement(node, false)) {
      const { statement } = node;
      const start = statement.getStart(file);
      if (ts.isBlock(statement)) edits.push({ at: start + 1, text: '$round();', order: -1e9 });
      else {
        edits.push({ at: start, text: '{$round();', order: -1e9 });
        edits.push({ at: statement.end, text: '}', order: 1e9 });
      }
    }
    node.forEachChild(visit);
  };
  visit(file);
  return edits;
}

/** The text with all changes in it, none of them on. Lines keep their numbers. */
export function withSwitches(name: string, text: string, mutations: readonly Numbered[]): string {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const edits = [...mutations.flatMap(editsFor), ...loopEdits(file)];
  edits.sort((a, b) => a.at - b.at || a.order - b.order);
  const parts: string[] = [];
  let done = 0;
  for (const { at, text: insert } of edits) {
    parts.push(text.slice(done, at), insert);
    done = at;
  }
  return [...parts, text.slice(done)].join('');
}
