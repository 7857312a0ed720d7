// npm run deploy [-- OPTIONS]: builds the Worker and hands it to `wrangler deploy`.
import { build } from "./build.mjs";
import { exitCode, main } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, async (args) => {
  const env = await setup();
  await build({ env });
  process.exitCode = await exitCode("wrangler", ["deploy", ...args], { env });
});
