/** A Linux boot from start to end, recorded, against the same chart transitions through XState's own actors. */
import { readFileSync } from 'node:fs';
import { createActor, type AnyActor } from 'xstate';
import { allCharts } from './charts';
import type {
  DecidingExchangeEvent,
  DecidingLaunchEvent,
  DecidingVcpuEvent,
  World,
} from '../../engine/world';
import type { TakenTransition } from '../../recording/timeline/step-template';
import { Timeline } from '../../recording/timeline/timeline';
import { defaultProfile } from '../../profiles/resolve';
import { worldFor } from '../../scenarios/machine';
import { runScenario } from '../../scenarios/run';
import { headOf } from '../../scenarios/scenario';
import { scenarioOf } from './worlds';
import { pageActors } from './page-actors';
import { count, fastest, line, milliseconds, part } from './measure';

const file = 'public/scenarios/linux-boot.ghcb';

/** Sends transitions to fresh actors, one for each chart and instance. */
function sendAll(transitions: readonly TakenTransition[]): void {
  const actors = new Map<string, AnyActor>();
  for (const { chart, instance, event } of transitions) {
    const name = `${chart} ${instance}`;
    let actor = actors.get(name);
    if (!actor) {
      actor = createActor(allCharts[chart] as NonNullable<(typeof allCharts)[string]>).start();
      actors.set(name, actor);
    }
    actor.send(event);
  }
}

/** Sends the same transitions, quiet ones too, through the compiled tables of a world; their writes are taken back. */
function tabulate(world: World, transitions: readonly TakenTransition[]): void {
  for (const { chart, instance, event } of transitions) {
    if (chart === 'launch') world.decideLaunch(event as DecidingLaunchEvent);
    else if (chart === 'vcpu') world.decideVcpu(world.vcpu(instance), event as DecidingVcpuEvent);
    else world.decideExchange(world.vcpu(instance), event as DecidingExchangeEvent);
  }
  world.undo(0);
}

export function benchBoot(): void {
  const scenario = scenarioOf(readFileSync(file, 'utf8'));
  const boot = (): Timeline =>
    runScenario(scenario, defaultProfile(), (world) => new Timeline(world)).timeline;
  const timeline = boot();
  const steps = Array.from({ length: timeline.stepCount }, (_, index) => timeline.step(index));
  const transitions = steps.flatMap((step) => step.transitions);
  const ours = fastest(boot, { warm: 10, runs: 30 });
  const acts = timeline.acts.map(({ act }) => act);
  const performOnly = fastest(
    () => {
      const fresh = new Timeline(worldFor(headOf(scenario), defaultProfile()));
      for (const act of acts) fresh.perform(act, 'scenario');
    },
    { warm: 5, runs: 30 },
  );
  const pages = pageActors(
    timeline.world,
    steps.flatMap(({ move }) => move ?? []),
  );
  const pageSends = Math.min(pages.send(), pages.send(), pages.send());
  const actors = fastest(() => sendAll(transitions), { warm: 3, runs: 10 });
  const bare = worldFor(headOf(scenario), defaultProfile());
  const tables = fastest(() => tabulate(bare, transitions), { warm: 30, runs: 100 });
  part('A Linux boot, recorded');
  line('steps, transitions', `${count(steps.length)}, ${count(transitions.length)}`);
  line('run of the scenario', milliseconds(ours), `${((ours * 1e6) / steps.length).toFixed(0)} ns a step`);
  line(
    'its acts again',
    milliseconds(performOnly),
    `${((performOnly * 1e6) / steps.length).toFixed(0)} ns a step`,
  );
  line('the same transitions through actor.send', milliseconds(actors));
  line('the same transitions through the tables', milliseconds(tables), `${(actors / tables).toFixed(0)} x`);
  line(
    `the ${count(pages.events)} page transitions through actor.send`,
    milliseconds(pageSends),
    'the engine takes runs of like pages together',
  );
  line(
    'all of them against the whole recorded run',
    `${((actors + pageSends) / ours).toFixed(0)} x`,
    'bar: 50 x',
  );
  line('without those of the pages', `${(actors / ours).toFixed(1)} x`);
}
