// node scripts/exec.mjs COMMAND...: runs a command in the environment of the set-up.
import { Stop, exitCode, main } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, async ([command, ...args]) => {
  if (!command) throw new Stop("usage: node scripts/exec.mjs COMMAND...");
  process.exitCode = await exitCode(command, args, { env: await setup() });
});
