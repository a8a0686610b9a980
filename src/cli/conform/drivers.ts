/** Which driver runs the vectors of a kind. */
import type { ResolvedProfile } from '../../profiles/resolve';
import { driveAp, driveApRun } from './ap';
import { driveFault } from './fault';
import type { JsonObject } from './json';
import { driveLaunch } from './launch';
import { driveMsr, driveMsrSweep } from './msr';
import { driveNae } from './nae';
import { drivePsc } from './psc';
import { driveRunLoop } from './run-loop';
import { driveVmmcall } from './vmmcall';

export type Driver = (input: JsonObject, profile: ResolvedProfile) => JsonObject;

/** By kind; a kind that is missing is counted as unsupported. */
export const drivers: Readonly<Record<string, Driver>> = {
  psc: drivePsc,
  msr: driveMsr,
  msrSweep: driveMsrSweep,
  ap: driveAp,
  apRun: driveApRun,
  runLoop: driveRunLoop,
  fault: driveFault,
  nae: driveNae,
  vmmcall: driveVmmcall,
  launch: driveLaunch,
  init2: driveLaunch,
  gmem: driveLaunch,
  rmpFault: driveLaunch,
  teardown: driveLaunch,
};
