// npm run chaos [-- --seed N] [-- --uploads N] [-- --to KIND] [-- --json]: the durable route with everything going wrong at random.
// npm run chaos -- --silent-destination: how late one destination is while another swallows connections.
import { build, setupBeside } from "./build.mjs";
import { exitCode, main } from "./run.mjs";

await main(import.meta.url, async (args) => {
  const env = await setupBeside();
  await build({ env });
  const script = args.includes("--silent-destination") ? "silent" : "chaos";
  process.exitCode = await exitCode("node", [`tests/support/durable/${script}.mjs`, ...args], { env });
});
