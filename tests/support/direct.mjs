// What the tests of the direct route share: an intake, and Workers that deliver to it.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";

import { startIntake } from "./intake.mjs";
import { startWorkers } from "./worker.mjs";

export let intake;
/** The Workers of a file, by the names of their sets of vars. */
export let workers;
/** The one named `worker`. */
export let worker;

/**
 * Starts the intake and the Workers for the tests of a file.
 * @param {{vars?: object | ((intake) => object), flags?: object, intake?: object, start?: Function}} options
 *   `vars`: named sets, where some need the intake's URL as a function of it; `start`: what starts the
 *   stand-in, SEKOIA.IO's or another; `intake`: its options; `flags`: of Workers, by name
 */
export function setUp({ vars = { worker: {} }, flags, intake: options, start = startIntake } = {}) {
  before(async () => {
    intake = await start(options);
    workers = await startWorkers({ intake, flags, vars: typeof vars === "function" ? await vars(intake) : vars });
    worker = workers.worker;
  });

  after(async () => {
    await workers?.dispose();
    await intake?.close();
  });

  beforeEach(() => intake.reset());

  afterEach(() => assert.deepEqual(intake.errors, [], "the stand-in intake failed"));
}
