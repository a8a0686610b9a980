/**
 * Feeds the statecharts of a run to an inspector page by the Stately inspector protocol: real XState actors get the very
 * events that the steps sent. Loaded when someone asks for it.
 */
import { createBrowserInspector } from '@statelyai/inspect';
import { createActor, type AnyActor, type AnyEventObject } from 'xstate';
import type { Timeline } from '../../recording/timeline/timeline';
import { exchangeChart } from '../../machines/exchange';
import { launchChart } from '../../machines/launch';
import { vcpuChart } from '../../machines/vcpu';
import { guardedWindow } from './messages';
import { WINDOW_NAME } from './window-name';

/** What messages of the protocol carry; a receiver asks only that it is there. */
const PROTOCOL_VERSION = '0.7.2';

/** No inspector is fed more events than this; older ones are replaced by the state that they led to. */
const MANY_EVENTS = 5000;

const charts = [launchChart, vcpuChart, exchangeChart];

export interface Feed {
  /** Goes on to a position of the run; back means to start the actors again. */
  moveTo(position: number): void;
  stop(): void;
}

const actorName = (chart: string, instance: number): string =>
  instance < 0 ? chart : `${chart} v${instance}`;

/** @param url the page that listens; it is opened, or used again, under its name */
export function feedInspector(timeline: Timeline, url: string): Feed {
  const inspector = createBrowserInspector({
    url,
    maxDeferredEvents: MANY_EVENTS,
    window: guardedWindow(url, WINDOW_NAME),
  });
  let actors = new Map<string, AnyActor>();
  let at = 0;

  function begin(): void {
    for (const actor of actors.values()) actor.stop();
    actors = new Map();
    at = 0;
    for (const chart of charts) {
      const instances = chart === launchChart ? [-1] : timeline.world.vcpus.map((_, i) => i);
      for (const instance of instances) {
        const name = actorName(chart.id, instance);
        const actor = createActor(chart.machine, { id: name });
        actor.start();
        sendActor(name, actor, JSON.stringify(chart.machine.config));
        actors.set(name, actor);
      }
    }
  }

  function sendActor(name: string, actor: AnyActor, definition: string): void {
    inspector.adapter.send({
      type: '@xstate.actor',
      name,
      definition,
      snapshot: actor.getPersistedSnapshot(),
      sessionId: actor.sessionId,
      parentId: undefined,
      rootId: actor.sessionId,
      id: '',
      createdAt: Date.now().toString(),
      _version: PROTOCOL_VERSION,
    });
  }

  /** At once: the observer that comes with the inspector waits for idle time, of which a page in the background gets none. */
  function send(actor: AnyActor, event: AnyEventObject): void {
    inspector.event(actor, event);
    actor.send(event);
    inspector.snapshot(actor, actor.getPersistedSnapshot(), { event });
  }

  begin();
  return {
    moveTo(position) {
      if (position < at) begin();
      for (; at < position; at++) {
        for (const { chart, instance, event } of timeline.step(at).transitions) {
          const actor = actors.get(actorName(chart, instance));
          if (actor) send(actor, event);
        }
      }
    },
    stop() {
      for (const actor of actors.values()) actor.stop();
      inspector.stop();
    },
  };
}

export { WINDOW_NAME };
