// npm run chaos [-- --seed N] [-- --uploads N] [-- --to KIND] [-- --json]: the durable route with everything going wrong at random.
import { build, setupBeside } from "./build.mjs";
import { exitCode, main } from "./run.mjs";

await main(import.meta.url, async (args) => {
  const env = await setupBeside();
  await build({ env });
  process.exitCode = await exitCode("node", ["tests/support/durable/chaos.mjs", ...args], { env });
});
