// The templates of elasticsearch/, as Elasticsearch applies them to a document: what a field's type does
// not take costs the document, unless malformed values are ignored.

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../elasticsearch", import.meta.url));

/** Types whose values, but for objects, are ignored where they do not fit and the index says so. */
const TOLERANT = { long: isInteger, double: isNumber, float: isNumber, scaled_float: isNumber, boolean: isBoolean, date: isDate, ip: isAddress };

/** Returns a function of an index and a document, which says what is wrong with it. */
export function templates() {
  const read = (path) => JSON.parse(readFileSync(`${FOLDER}/${path}`, "utf8"));
  const all = readdirSync(`${FOLDER}/index_templates`).map((name) => {
    const { index_patterns: patterns, composed_of: components, template } = read(`index_templates/${name}`);
    const parts = [...components.map((component) => read(`component_templates/${component}.json`).template), template];
    const mappings = parts.reduce((whole, { mappings = {} }) => ({ ...whole, ...mappings, properties: { ...whole.properties, ...mappings.properties } }), {});
    const ignores = parts.some(({ settings }) => settings?.index?.mapping?.ignore_malformed);
    return { prefixes: patterns.map((pattern) => pattern.replace(/\*$/, "")), mappings, ignores };
  });
  return (index, document) => {
    const template = all.find(({ prefixes }) => prefixes.some((prefix) => index.startsWith(prefix)));
    if (!template) return `no template is for ${index}`;
    return problemOf(document, template.mappings, "", template.ignores);
  };
}

function problemOf(object, mapping, path, ignores) {
  for (const [name, value] of Object.entries(object)) {
    const field = mapping.properties?.[name];
    // Not dynamic: what is not mapped is kept, and not looked at.
    if (!field) continue;
    for (const element of [value].flat(Infinity)) {
      const problem = element === null ? undefined : problemOfValue(element, field, `${path}${name}`, ignores);
      if (problem) return problem;
    }
  }
  return undefined;
}

function problemOfValue(value, field, path, ignores) {
  const isObject = typeof value === "object";
  if (field.properties) {
    return isObject
      ? problemOf(value, field, `${path}.`, ignores)
      : `object mapping for [${path}] tried to parse field [${path}] as object, but found a concrete value`;
  }
  const failed = `failed to parse field [${path}] of type [${field.type}]`;
  if (field.type === "flattened") return isObject ? undefined : failed;
  if (field.type === "geo_point") return isObject && isNumber(value.lat) && isNumber(value.lon) ? undefined : failed;
  if (isObject) return failed;
  const fits = TOLERANT[field.type];
  return !fits || fits(value) || (field.ignore_malformed ?? ignores) ? undefined : failed;
}

function isInteger(value) {
  return Number.isInteger(Number(value)) && String(value).trim() !== "";
}

function isNumber(value) {
  return Number.isFinite(Number(value)) && String(value).trim() !== "";
}

function isBoolean(value) {
  return ["true", "false", ""].includes(String(value));
}

function isDate(value) {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

function isAddress(value) {
  return /^[\d.]+$|^[\da-f:.]*:[\da-f:.]*$/i.test(String(value));
}
