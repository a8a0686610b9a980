/** A Linux boot from start to end, recorded, against the same chart transitions through XState's own actors. */
import { createActor, type AnyActor } from 'xstate';
import { allCharts } from './charts';
import type { TakenTransition } from '../../recording/shape';
import { Timeline } from '../../recording/timeline';
import { defaultProfile } from '../../profiles/resolve';
import { worldFor } from '../../scenarios/machine';
import { runScenario } from '../../scenarios/run';
import { headOf } from '../../scenarios/scenario';
import { scenarioOf } from './worlds';
import { count, fastest, line, milliseconds, part } from './measure';

const text = `ghcb-scenario 1
title   Linux boots with four vCPUs
vm      vcpus=4 memory=64M
guest   linux
host    qemu
launch  standard
run     until=idle
end ghcb-scenario
`;

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

export function benchBoot(): void {
  const scenario = scenarioOf(text);
  const boot = (): Timeline =>
    runScenario(scenario, defaultProfile(), (world) => new Timeline(world)).timeline;
  const timeline = boot();
  const steps = Array.from({ length: timeline.stepCount }, (_, index) => timeline.step(index));
  const transitions = steps.flatMap((step) => step.transitions);
  const ours = fastest(boot, { warm: 200, runs: 300 });
  const acts = timeline.acts.map(({ act }) => act);
  const performOnly = fastest(
    () => {
      const fresh = new Timeline(worldFor(headOf(scenario), defaultProfile()));
      for (const act of acts) fresh.perform(act, 'scenario');
    },
    { warm: 100, runs: 300 },
  );
  const actors = fastest(() => sendAll(transitions), { warm: 20, runs: 40 });
  part('A Linux boot, recorded');
  line('steps, transitions', `${count(steps.length)}, ${count(transitions.length)}`);
  line('run of the scenario', milliseconds(ours), `${((ours * 1e6) / steps.length).toFixed(0)} ns a step`);
  line(
    'its acts again',
    milliseconds(performOnly),
    `${((performOnly * 1e6) / steps.length).toFixed(0)} ns a step`,
  );
  line('the same transitions through actor.send', milliseconds(actors));
  line('ratio', `${(actors / ours).toFixed(1)} x`, 'bar: 50 x');
}
