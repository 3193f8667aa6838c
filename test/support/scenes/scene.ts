import { expect, vi } from 'vitest';
import { NOW } from '../actors.ts';
import type { AttackStage } from '../attack-stage.ts';
import { SILENT, type Told } from '../operator.ts';
import type { LogSite } from '../log-sites.ts';

/** An attack beside what looks like it and is none, as somebody's log holds them. */
export interface Scene {
  /** Items of `watches`, in YAML. */
  readonly watches: string;
  readonly acts: readonly Act[];
}

/** What was logged since the act before, and what one run tells of it. */
export interface Act {
  readonly what: string;
  /** Days after NOW; those of a scene rise. */
  readonly day: number;
  readonly entries: (site: LogSite) => readonly Buffer[];
  /** Alerts that people get, `SEVERITY KIND WATCH CLAIM,CLAIM`. */
  readonly told: readonly string[];
  /** Alerts as they stand then, where that is not all that was told so far. */
  readonly alerts?: readonly string[];
  /** Nothing new, but more of what was told before: people get nothing, and the run ends with 1 all the same. */
  readonly counted?: true;
}

export const DAY_MS = 86_400_000;

/** Moves the clock, which must be a false one. */
export function setDay(day: number): void {
  vi.setSystemTime(NOW.getTime() + day * DAY_MS);
}

/** Plays one act: what the program made of it. */
export async function play(stage: AttackStage, act: Act): Promise<Told> {
  setDay(act.day);
  stage.site.append(act.entries(stage.site));
  return stage.run();
}

/** What it must have made of it: exactly that, through each channel; `before`: what the acts before told. */
export function due(act: Act, before: readonly string[]): Told {
  const news = [...act.told].sort();
  return {
    exit: news.length > 0 || act.counted === true ? 1 : 0,
    alerts: act.alerts ?? [...before, ...news].sort(),
    slack: news,
    mail: news,
  };
}

/** Plays a whole scene, and expects of each act what is due. */
export async function playScene(stage: AttackStage, { watches, acts }: Scene): Promise<void> {
  stage.configure(watches);
  const before: string[] = [];
  for (const act of acts) {
    expect([act.what, await play(stage, act)]).toEqual([act.what, due(act, before)]);
    before.push(...act.told);
  }
}

/**
 * Plays all scenes in one log under one configuration, their entries mixed, and expects what is due of each alone: what is told is the
 * union of that.
 */
export async function playTogether(stage: AttackStage, scenes: readonly Scene[]): Promise<void> {
  stage.configure(scenes.map(({ watches }) => watches).join(''));
  /** The acts that are left of each, and its alerts as they stand. */
  let parts: readonly Part[] = scenes.map(({ acts }) => ({ left: acts, before: [], alerts: [] }));
  for (;;) {
    const days = parts.flatMap(({ left: [next] }) => (next === undefined ? [] : [next.day]));
    if (days.length === 0) {
      return;
    }
    const day = Math.min(...days);
    setDay(day);
    const played = parts.map((part) => (part.left[0]?.day === day ? part.left[0] : null));
    stage.site.append(interleave(played.map((act) => act?.entries(stage.site) ?? [])));
    const outcomes = parts.map(({ before, alerts }, place) => {
      const act = played[place] ?? null;
      return act === null ? { ...SILENT, alerts } : due(act, before);
    });
    const all = (of: (told: Told) => readonly string[]): readonly string[] => outcomes.flatMap(of).sort();
    expect([day, await stage.run()]).toEqual([
      day,
      {
        exit: outcomes.some(({ exit }) => exit === 1) ? 1 : 0,
        alerts: all(({ alerts }) => alerts),
        slack: all(({ slack }) => slack),
        mail: all(({ mail }) => mail),
      },
    ]);
    parts = parts.map(({ left, before, alerts }, place) => {
      const act = played[place] ?? null;
      return act === null
        ? { left, before, alerts }
        : { left: left.slice(1), before: [...before, ...act.told], alerts: outcomes[place]?.alerts ?? [] };
    });
  }
}

interface Part {
  readonly left: readonly Act[];
  readonly before: readonly string[];
  readonly alerts: readonly string[];
}

/** One of each list in turn, each list in its order. */
function interleave<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, place) => lists.flatMap((list) => list.slice(place, place + 1))).flat();
}
