/** Runs one file of tests in this process, as often as wanted: the file is read anew each time, what it imports is not. */
import { startTests, type File, type Suite, type Task, type Test, type VitestRunner } from '@vitest/runner';
import { computed } from './rounds';

/** What vitest keeps of the modules that were evaluated; it has no public way to evaluate one again. */
interface WorkerState {
  readonly config: VitestRunner['config'];
  readonly evaluatedModules: {
    getModuleById(id: string): object | undefined;
    invalidateModule(module: object): void;
  };
}
const worker = (): WorkerState =>
  (globalThis as unknown as { readonly __vitest_worker__: WorkerState }).__vitest_worker__;

/** What happens around the tests of a file. */
export interface Watcher {
  /** Before the file is read. */
  readonly onRead?: () => void;
  /** The file was read: its tests are known. */
  readonly onTests?: () => void;
  /** @returns whether to run it */
  readonly before?: (test: string) => boolean;
  /** @returns whether to run more tests */
  readonly after?: (test: string, passed: boolean, milliseconds: number) => void;
}

/** Longest wait of a test, in milliseconds on the clock: far longer than any takes on a busy machine. */
const WAITING = 300_000;

const nameOf = (task: Task): string => (task.suite ? `${nameOf(task.suite)} > ${task.name}` : task.name);

const testsIn = (suite: Suite): Test[] =>
  suite.tasks.flatMap((task) => (task.type === 'suite' ? testsIn(task) : [task]));

/** @returns what is wrong with the file as a whole: it cannot be read, or a hook of it failed */
export async function runFile(path: string, watcher: Watcher): Promise<string | undefined> {
  const { config, evaluatedModules } = worker();
  const names = new Map<Task, string>();
  const starts = new Map<string, number>();
  const module = evaluatedModules.getModuleById(path);
  if (module) evaluatedModules.invalidateModule(module);
  const runner: VitestRunner = {
    // Loops end by themselves (rounds.ts), whatever another file has set: this ends what waits for nothing.
    config: { ...config, setupFiles: [], passWithNoTests: true, testTimeout: WAITING, hookTimeout: WAITING },
    importFile: (file) => {
      watcher.onRead?.();
      return import(/* @vite-ignore */ file) as Promise<unknown>;
    },
    onCollected(found: File[]) {
      // Rows of one title are told apart by their place.
      for (const file of found)
        for (const [at, test] of testsIn(file).entries()) names.set(test, `${at} ${nameOf(test)}`);
      watcher.onTests?.();
    },
    onBeforeRunTask(test) {
      const name = names.get(test) ?? test.name;
      if (watcher.before?.(name) === false) test.mode = 'skip';
      else starts.set(name, computed());
    },
    onAfterRunTask(test) {
      const name = names.get(test) ?? test.name;
      const milliseconds = computed() - (starts.get(name) ?? 0);
      watcher.after?.(name, test.result?.state !== 'fail', milliseconds);
    },
  };
  const files = await startTests([path], runner);
  return files.flatMap(({ result }) => result?.errors ?? [])[0]?.message;
}
