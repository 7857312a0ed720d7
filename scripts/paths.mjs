// Where things are: the clone, and the cache that outlives it.
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Tools that take minutes to build live here, so that another clone or the next CI run finds them. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "logpush-ecs");
