// Installs what is missing and reports each step. A second run finds nothing to do.
import { join } from "node:path";

import { cargoEnvironment, environment } from "./environment.mjs";
import { withLock } from "./lock.mjs";
import { say } from "./log.mjs";
import { installNode } from "./node.mjs";
import { installPackages } from "./packages.mjs";
import { cache } from "./paths.mjs";
import { Stop, main } from "./run.mjs";
import { addLinters, chooseToolchain } from "./toolchain.mjs";
import { installTools } from "./tools.mjs";
import { minimumNode, olderThan } from "./versions.mjs";

/**
 * Resolves to the environment for everything that is built and run; `linters` adds clippy and rustfmt.
 * `beside` gets cargo's environment and is run while tools are compiled.
 */
export async function setup({ linters = false, beside = async () => {} } = {}) {
  if (olderThan(process.versions.node, minimumNode())) {
    throw new Stop(`Node ${process.versions.node} is too old: install ${minimumNode()} or newer.`);
  }
  return withLock(join(cache, "setup.lock"), async () => {
    // npm waits for the network while cargo compiles.
    const fetched = Promise.all([installNode(), installPackages()]);
    // Reported below, after what is being compiled has been kept.
    fetched.catch(() => {});
    const toolchain = await chooseToolchain();
    if (linters) await addLinters(toolchain);
    const besides = beside(cargoEnvironment(toolchain));
    besides.catch(() => {});
    const tools = await installTools(toolchain);
    const [[node]] = await Promise.all([fetched, besides]);
    say(`set-up complete: ${toolchain.label}`);
    return environment(toolchain, tools, node);
  });
}

await main(import.meta.url, (args) => setup({ linters: args.includes("--linters") }));
