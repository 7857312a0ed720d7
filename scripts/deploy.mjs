// npm run deploy [-- OPTIONS]: builds the Worker and hands it to `wrangler deploy`.
import { build, setupBeside } from "./build.mjs";
import { exitCode, main } from "./run.mjs";

await main(import.meta.url, async (args) => {
  const env = await setupBeside();
  await build({ env });
  process.exitCode = await exitCode("wrangler", ["deploy", ...args], { env });
});
