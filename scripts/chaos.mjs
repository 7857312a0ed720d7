// npm run chaos [-- --seed N] [-- --uploads N] [-- --to KIND] [-- --json]: the durable route with everything going wrong at random.
import { build } from "./build.mjs";
import { exitCode, main } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, async (args) => {
  const env = await setup();
  await build({ env });
  process.exitCode = await exitCode("node", ["tests/support/durable/chaos.mjs", ...args], { env });
});
