// Debian packages: whether they can be installed here, and their installation.
import { say } from "../log.mjs";
import { exitCode, read } from "../run.mjs";

/** Why apt cannot install anything here, or undefined. */
export async function aptObstacle() {
  if (!(await read("apt-get", ["--version"]))) return "not a system with apt";
  if (!isRoot() && (await read("sudo", process.stdin.isTTY ? ["--version"] : ["-n", "true"])) === undefined)
    return "needs root or sudo";
  return undefined;
}

/** Installs one package where no password is needed; resolves to the reason if it could not, or undefined. */
export async function installPackage(name) {
  const obstacle = isRoot() || !process.stdin.isTTY ? await aptObstacle() : "needs root";
  if (obstacle) return obstacle;
  await updateLists();
  const failed = await install([name]);
  return failed && `${failed} failed`;
}

/** A failure is ignored: one of several sources may not answer, and the others suffice. */
export async function updateLists() {
  say("Debian: apt-get update");
  await asRoot(["apt-get", "update"]);
}

/** Resolves to the command if it failed, or undefined. */
export async function install(packages) {
  say(`Debian: apt-get install ${packages.join(" ")}`);
  const command = [
    "apt-get",
    "install",
    "--yes",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=300",
    ...packages,
  ];
  const code = await asRoot(["env", "DEBIAN_FRONTEND=noninteractive", ...command]);
  return code === 0 ? undefined : command.join(" ");
}

export async function isInstalled(name) {
  return (await read("dpkg-query", ["--show", "--showformat=${db:Status-Status}", name])) === "installed";
}

/** What `apt-cache` prints, in English. */
export function aptCache(...args) {
  return read("apt-cache", args, { env: { ...process.env, LC_ALL: "C" } });
}

/** Runs a command as root; resolves to its exit code. */
export async function asRoot(command) {
  const [program, ...args] = isRoot() ? command : ["sudo", ...(process.stdin.isTTY ? [] : ["-n"]), ...command];
  return exitCode(program, args, { output: process.stdin.isTTY ? "progress" : "hide" });
}

function isRoot() {
  return process.getuid?.() === 0;
}
