// The operator, in a browser without scripts: follows redirects, keeps the cookie, sends the forms it is shown.

import { gzipSync } from "node:zlib";

import { OPERATOR_SECRET } from "./durable/harness.mjs";
import { lineOf, recordsOf } from "./generate.mjs";

export class Operator {
  /** @param {{request: Function}} worker */
  constructor(worker, { address } = {}) {
    this.worker = worker;
    this.cookie = undefined;
    this.address = address;
  }

  async get(path, headers = {}) {
    return this.#took(await this.worker.request("GET", path, undefined, this.#headers(headers)));
  }

  /** Sends a form, and returns the answer itself. */
  async post(path, fields = {}, headers = {}) {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams(fields).toString();
    return this.#took(await this.worker.request("POST", path, body, this.#headers({ ...type, ...headers })));
  }

  async logIn(secret = OPERATOR_SECRET) {
    return this.post("/login", { secret });
  }

  /** The fields of the first form on a page that leads to `action`. */
  async formOf(page, action) {
    const { text } = await this.get(page);
    const form = new RegExp(`<form[^>]* action="${action}">(.*?)</form>`, "s").exec(text)?.[1];
    if (form === undefined) throw new Error(`${page} has no form to ${action}:\n${text}`);
    const inputs = [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
    return Object.fromEntries(inputs.map(([, name, value]) => [name, value]));
  }

  #headers(headers) {
    return { ...(this.cookie && { cookie: this.cookie }), ...(this.address && { "cf-connecting-ip": this.address }), ...headers };
  }

  #took(answer) {
    for (const set of answer.headers["set-cookie"] ?? []) this.cookie = set.split(";")[0];
    return answer;
  }
}

/** An upload whose events happened `ago` milliseconds before now; `more`: members of each record. */
export function uploadOfNow({ records, seed, ago = 1000, more = {} }) {
  const lines = [...recordsOf({ records, seed })].map((record) =>
    lineOf({ ...record, Datetime: new Date(Date.now() - ago).toISOString(), ...more }),
  );
  return gzipSync(lines.join("\n"));
}
