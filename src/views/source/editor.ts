/** The editor for scenario text: CodeMirror, loaded when the Source view is opened. */
import {
  autocompletion,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewline } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { completeLine } from '../../scenarios/complete';
import { parseScenario } from '../../scenarios/parse';
import { printScenario } from '../../scenarios/print';
import { adoptStyles } from './adopted-styles';

/** A place that is wrong, counted from 1 as people count. */
export interface EditorProblem {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly message: string;
  /** An expectation that was not met is no error of the text. */
  readonly severity?: 'error' | 'warning';
}

export interface Editor {
  /** Replaces the text when it differs. */
  setText(text: string): void;
  setProblems(problems: readonly EditorProblem[]): void;
  /** Scrolls a line into sight and leaves the focus where it is. */
  reveal(line: number): void;
  /** Puts the cursor at a place and the focus into the text. */
  goTo(line: number, column: number): void;
  focus(): void;
  destroy(): void;
}

interface EditorOptions {
  readonly parent: HTMLElement;
  readonly text: string;
  readonly label: string;
  readonly onchange: (text: string) => void;
  readonly onrun: () => void;
  readonly onleave: () => void;
  /** The text has problems and is not formatted. */
  readonly onunformatted: () => void;
}

const KEYWORD_COLUMN = 8;

/** Enough to read a scenario by: who, what, numbers, prose. The parser itself says what is wrong. */
const scenarioLanguage = StreamLanguage.define<{ word: number; prose: boolean }>({
  startState: () => ({ word: 0, prose: false }),
  token(stream, state) {
    // Deeper than the keyword column means that the line above goes on.
    if (stream.sol() && stream.indentation() <= KEYWORD_COLUMN) {
      state.word = 0;
      state.prose = false;
    }
    if (stream.eatSpace()) return null;
    if (state.prose) {
      stream.skipToEnd();
      return 'string';
    }
    if (state.word === 0 && stream.match(';')) {
      stream.skipToEnd();
      return 'comment';
    }
    if (stream.match(/^(0x[0-9a-fA-F_]+|\d+[KMG]?)(?=[\s,]|$)/)) return 'number';
    if (stream.match(/^[\w-]+=/)) return 'propertyName';
    if (stream.match(/^0x[0-9a-fA-F_]+/)) return 'number';
    const word = stream.match(/^[^\s=,]+/) as RegExpMatchArray | null;
    if (!word) {
      stream.next();
      return null;
    }
    state.word++;
    if (state.word === 1) {
      if (/^(title|ref|note)$/.test(word[0])) state.prose = true;
      return word[0] === '?' ? 'operator' : 'keyword';
    }
    return state.word === 2 ? 'variableName' : null;
  },
});

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--ink)', fontWeight: '700' },
  { tag: tags.variableName, color: 'var(--ink)' },
  { tag: tags.propertyName, color: 'var(--soft)' },
  { tag: tags.number, color: 'var(--ink)' },
  { tag: tags.string, color: 'var(--soft)' },
  { tag: tags.comment, color: 'var(--soft)', fontStyle: 'italic' },
  { tag: tags.operator, color: 'var(--now)', fontWeight: '700' },
]);

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--paper)', color: 'var(--ink)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '21px' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '10px 0' },
  '.cm-gutters': { backgroundColor: 'var(--paper)', color: 'var(--soft)', border: '0', paddingLeft: '6px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
    backgroundColor: 'var(--tint-1) !important',
  },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--now) 1px',
    textUnderlineOffset: '4px',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--paper)',
    color: 'var(--ink)',
    border: '1px solid var(--frame)',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--now)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--page-bad)' },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline dashed var(--page-bad) 1px',
    textUnderlineOffset: '4px',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--chosen)',
    color: 'var(--ink)',
  },
  '.cm-completionDetail': { color: 'var(--soft)', fontStyle: 'normal' },
  '.cm-panels': { backgroundColor: 'var(--paper)', color: 'var(--ink)', borderColor: 'var(--hair)' },
  '.cm-panels input, .cm-panels button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--paper)',
    border: '1px solid var(--frame)',
    minHeight: '24px',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--tint-3)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--tint-4)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--tint-2)' },
});

/** Words that fit at the cursor, from the declarations that the parser reads. */
function completions({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const line = state.doc.lineAt(pos);
  const { from, options } = completeLine(line.text.slice(0, pos - line.from));
  // Not at once on every blank: only behind the beginning of a word, or when it is asked for.
  if (options.length === 0 || (!explicit && from === pos - line.from)) return null;
  return {
    from: line.from + from,
    options: options.map(({ label, doc }) => ({ label, detail: doc, type: 'text' })),
    validFor: /^[\w.:=-]*$/,
  };
}

/** Prints the text as the parser understands it. @returns whether it could */
function format(view: EditorView): boolean {
  const text = view.state.doc.toString();
  const parsed = parseScenario(text);
  if (!parsed.ok) return false;
  const printed = printScenario(parsed.scenario);
  if (printed === text) return true;
  const { number: line } = view.state.doc.lineAt(view.state.selection.main.head);
  view.dispatch({ changes: { from: 0, to: text.length, insert: printed } });
  const at = view.state.doc.line(Math.min(line, view.state.doc.lines));
  view.dispatch({ selection: { anchor: at.to }, scrollIntoView: true });
  return true;
}

/**
 * What is typed over selected text is put there by the editor: Chromium would give it a style of its own, which the policy
 * of the page refuses.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const isOver = event.inputType === 'insertText' && !view.state.selection.main.empty;
    if (!isOver || event.isComposing || !event.data) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

adoptStyles();

export function createEditor(options: EditorOptions): Editor {
  let quiet = false;
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        lintGutter(),
        autocompletion({ override: [completions], icons: false }),
        search({ top: true }),
        highlightSelectionMatches(),
        scenarioLanguage,
        syntaxHighlighting(highlight),
        look,
        typedOver,
        EditorView.contentAttributes.of({ 'aria-label': options.label, spellcheck: 'false', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) options.onchange(update.state.doc.toString());
        }),
        keymap.of([
          {
            key: 'Mod-Enter',
            run: () => {
              options.onrun();
              return true;
            },
          },
          {
            key: 'Alt-Shift-f',
            run: (shown) => {
              if (!format(shown)) options.onunformatted();
              return true;
            },
          },
          ...completionKeymap,
          ...searchKeymap,
          {
            key: 'Escape',
            run: () => {
              options.onleave();
              return true;
            },
          },
          { key: 'Enter', run: insertNewline }, // a line that is indented belongs to the one above it
          ...defaultKeymap,
          ...historyKeymap,
        ]),
      ],
    }),
  });

  view.scrollDOM.dataset['sideways'] = '';

  const offsetOf = (line: number, column: number): number => {
    const at = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
    return Math.min(at.to, at.from + Math.max(0, column - 1));
  };

  return {
    setText(text) {
      if (view.state.doc.toString() === text) return;
      quiet = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      quiet = false;
    },
    setProblems(problems) {
      const diagnostics = problems.map((problem): Diagnostic => {
        const from = offsetOf(problem.line, problem.column);
        const end = view.state.doc.lineAt(from).to;
        const to = Math.min(Math.max(from, end), from + Math.max(1, problem.length));
        return { from, to, severity: problem.severity ?? 'error', message: problem.message };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    reveal(line) {
      view.dispatch({ effects: EditorView.scrollIntoView(offsetOf(line, 1), { y: 'center' }) });
    },
    goTo(line, column) {
      view.dispatch({ selection: { anchor: offsetOf(line, column) }, scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
