// Evaluates Sigma rules on events, by way of a processing pipeline. It knows what our rules and our
// pipeline use, and throws at anything else: a rule that is half understood would pass by accident.
//
// https://github.com/SigmaHQ/sigma-specification, https://sigmahq-pysigma.readthedocs.io

import { BlockList, isIP } from "node:net";

import { parse, parseAllDocuments } from "yaml";

/** A pipeline of YAML, ready for `compile`. */
export function readPipeline(text) {
  const { name, priority, transformations, ...rest } = parse(text);
  nothingElse(rest, `pipeline ${name}`);
  return transformations;
}

/**
 * The rules of a YAML file, through the pipeline. `fires` takes events in the order of time, and says
 * whether the file's detection fires: that of its correlation, where it has one.
 */
export function compile(text, transformations) {
  const documents = parseAllDocuments(text).map((document) => {
    if (document.errors.length) throw document.errors[0];
    return document.toJS();
  });
  const rules = documents.filter(({ correlation }) => !correlation).map((rule) => compileRule(rule, transformations));
  const [correlation, ...others] = documents.filter((document) => document.correlation);
  if (others.length) throw new Error("several correlations in one file");
  if (correlation) return { title: correlation.title, fires: correlated(correlation, rules) };
  if (rules.length !== 1) throw new Error("several rules in one file, and no correlation");
  return { title: rules[0].title, fires: (events) => events.some(rules[0].matches) };
}

// --- Rules and the pipeline ---

const RULE_KEYS =
  "title id name status description references author date tags logsource detection falsepositives level";

function compileRule(rule, transformations) {
  const { title, logsource, detection } = rule;
  nothingElse(without(rule, RULE_KEYS), title);
  nothingElse(without(logsource, "category product service"), `${title}: logsource`);
  const { condition, ...definitions } = detection;
  const converted = {
    name: rule.name,
    title,
    required: [],
    detections: Object.fromEntries(
      Object.entries(definitions).map(([name, definition]) => [name, readDetection(definition)]),
    ),
    fieldsOf: (field) => [field],
  };
  for (const { id, type, rule_conditions: conditions, ...parameters } of transformations) {
    const transform = TRANSFORMATIONS[type];
    if (!transform) throw new Error(`${id}: unknown transformation ${type}`);
    if (conditions.every((one) => applies(one, logsource))) transform(converted, parameters, id);
  }
  const [keyword] = itemsOf(converted).filter(({ fields }) => fields.includes(KEYWORD));
  if (keyword) throw new Error(`${title}: keywords without a field`);
  const conditions = [...converted.required, readCondition(condition, converted.detections)];
  return { ...converted, matches: (event) => conditions.every((holds) => holds(event)) };
}

function applies({ type, ...selector }, logsource) {
  if (type !== "logsource") throw new Error(`unknown rule condition ${type}`);
  nothingElse(without(selector, "category product service"), "logsource");
  return Object.entries(selector).every(([attribute, value]) => logsource[attribute] === value);
}

const TRANSFORMATIONS = {
  add_condition(rule, { conditions, ...rest }, id) {
    nothingElse(rest, id);
    rule.required.push(detectionHolds(readDetection(conditions)));
  },

  field_name_mapping(rule, { mapping, ...rest }, id) {
    nothingElse(rest, id);
    rename(rule, (field) => (Object.hasOwn(mapping, field) ? [mapping[field]].flat() : [field]));
  },

  field_name_prefix_mapping(rule, { mapping, ...rest }, id) {
    nothingElse(rest, id);
    rename(rule, (field) => {
      const found = Object.entries(mapping).find(([prefix]) => field.startsWith(prefix));
      return [found ? found[1] + field.slice(found[0].length) : field];
    });
  },

  set_value(rule, { value, detection_item_conditions: conditions, ...rest }, id) {
    nothingElse(rest, id);
    if (conditions?.length !== 1) throw new Error(`${id}: one condition is expected`);
    const [{ type, cond, pattern, ...more }] = conditions;
    if (type !== "match_string" || cond !== "all") throw new Error(`${id}: unknown condition ${type}, ${cond}`);
    nothingElse(more, id);
    const matches = (one) => typeof one === "string" && new RegExp(`^(?:${pattern})`).test(one);
    for (const item of itemsOf(rule).filter(({ plain }) => plain?.every(matches))) {
      item.tests = [MODIFIERS.equals(value)];
    }
  },

  detection_item_failure(rule, { message, field_name_conditions: conditions, ...rest }, id) {
    nothingElse(rest, id);
    const named = conditions.every(({ type, fields, ...more }) => {
      if (type !== "include_fields") throw new Error(`${id}: unknown field name condition ${type}`);
      nothingElse(more, id);
      return itemsOf(rule).some((item) => item.fields.some((field) => fields.includes(field)));
    });
    if (named) throw new Error(message);
  },
};

function rename(rule, fieldsOf) {
  for (const item of itemsOf(rule)) item.fields = item.fields.flatMap(fieldsOf);
  const before = rule.fieldsOf;
  rule.fieldsOf = (field) => before(field).flatMap(fieldsOf);
}

function itemsOf({ detections }) {
  return Object.values(detections).flat(2);
}

// --- Detections: a list (or) of lists (and) of items ---

/** The field of keywords, which is `null` in a pipeline. */
const KEYWORD = "";

function readDetection(definition) {
  const alternatives = [definition].flat();
  if (alternatives.every((one) => typeof one !== "object")) return [[readItem(KEYWORD, alternatives)]];
  return alternatives.map((items) => Object.entries(items).map(([key, value]) => readItem(key, value)));
}

function readItem(key, value) {
  const [field, ...modifiers] = key.split("|");
  const all = modifiers.at(-1) === "all";
  if (all) modifiers.pop();
  const [modifier = field === KEYWORD ? "contains" : "equals", ...more] = modifiers;
  if (!Object.hasOwn(MODIFIERS, modifier) || more.length) throw new Error(`unknown modifiers: ${key}`);
  const values = [value].flat();
  const tests = values.map((one) => MODIFIERS[modifier](one, key));
  return { fields: [field], tests, all, plain: modifier === "equals" ? values : null };
}

/** Each takes the rule's value, and gives a test of a field's values. */
const MODIFIERS = {
  equals: (expected) => {
    if (expected === null) return (values) => values.length === 0;
    if (typeof expected !== "string") return some((value) => String(value) === String(expected));
    return textual(wildcards(expected));
  },
  contains: (expected, key) => textual(`.*${wildcards(text(expected, key))}.*`),
  startswith: (expected, key) => textual(`${wildcards(text(expected, key))}.*`),
  endswith: (expected, key) => textual(`.*${wildcards(text(expected, key))}`),
  re: (expected, key) => {
    // JavaScript has a flag where others begin the pattern with `(?i)`.
    const [, letters, pattern] = /^(\(\?i\))?(.*)$/s.exec(text(expected, key));
    const compiled = new RegExp(pattern, letters ? "is" : "s");
    return some((value) => compiled.test(String(value)));
  },
  cidr: (expected, key) => {
    const [network, bits] = text(expected, key).split("/");
    const block = new BlockList();
    block.addSubnet(network, Number(bits), family(network));
    return some((value) => isIP(value) !== 0 && block.check(value, family(value)));
  },
  gt: compared((value, bound) => value > bound),
  gte: compared((value, bound) => value >= bound),
  lt: compared((value, bound) => value < bound),
  lte: compared((value, bound) => value <= bound),
};

function some(test) {
  return (values) => values.some(test);
}

/** A text of Sigma matches whole, in any case of letters. */
function textual(pattern) {
  const whole = new RegExp(`^${pattern}$`, "is");
  return some((value) => whole.test(String(value)));
}

function compared(holds) {
  return (bound, key) => {
    if (typeof bound !== "number") throw new Error(`${key}: ${bound} is no number`);
    return some((value) => typeof value === "number" && holds(value, bound));
  };
}

function text(value, key) {
  if (typeof value !== "string") throw new Error(`${key}: ${value} is no text`);
  return value;
}

/** `*` and `?` stand for others; a backslash before one of them, or before a backslash, is an escape. */
function wildcards(value) {
  return value.replace(/\\([*?\\])|[\\^$.*+?()[\]{}|/]/g, (found, escaped) => {
    if (found === "*") return ".*";
    if (found === "?") return ".";
    return `\\${escaped ?? found}`;
  });
}

function family(address) {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** The values of a field, in the objects of a list too. */
function valuesOf(event, field) {
  const member = (value, name) => (Object.hasOwn(Object(value), name) && typeof value === "object" ? value[name] : []);
  return field
    .split(".")
    .reduce((values, name) => values.flatMap((value) => member(value, name)), [event])
    .filter((value) => value !== null);
}

function detectionHolds(detection) {
  return (event) => detection.some((items) => items.every((item) => itemHolds(item, event)));
}

function itemHolds({ fields, tests, all }, event) {
  return fields.some((field) => {
    const values = valuesOf(event, field);
    return all ? tests.every((test) => test(values)) : tests.some((test) => test(values));
  });
}

// --- Conditions ---

/** The condition as a function of the event: `or` of `and` of `not` of names, counts and brackets. */
function readCondition(condition, detections) {
  const words = condition.match(/[()]|[^\s()]+/g);
  const next = () => words.shift();
  const named = (name) => {
    if (!Object.hasOwn(detections, name)) throw new Error(`${condition}: no detection ${name}`);
    return detectionHolds(detections[name]);
  };
  const either = () => {
    let left = both();
    while (words[0] === "or") {
      next();
      const [one, other] = [left, both()];
      left = (event) => one(event) || other(event);
    }
    return left;
  };
  const both = () => {
    let left = negated();
    while (words[0] === "and") {
      next();
      const [one, other] = [left, negated()];
      left = (event) => one(event) && other(event);
    }
    return left;
  };
  const negated = () => {
    if (words[0] !== "not") return single();
    next();
    const inner = negated();
    return (event) => !inner(event);
  };
  const single = () => {
    const word = next();
    if (word === "(") {
      const inner = either();
      if (next() !== ")") throw new Error(`${condition}: a bracket is open`);
      return inner;
    }
    if (words[0] !== "of") return named(word);
    next();
    return counted(word, next());
  };
  const counted = (count, pattern) => {
    const name = new RegExp(`^${pattern === "them" ? "[^_].*" : wildcards(pattern)}$`);
    const members = Object.keys(detections).filter((key) => name.test(key)).map(named);
    if (!members.length) throw new Error(`${condition}: nothing is named ${pattern}`);
    if (count === "all") return (event) => members.every((holds) => holds(event));
    if (count === "1" || count === "any") return (event) => members.some((holds) => holds(event));
    throw new Error(`${condition}: unknown count ${count}`);
  };
  const holds = either();
  if (words.length) throw new Error(`${condition}: not understood from ${words[0]}`);
  return holds;
}

// --- Correlations ---

const SECONDS = { s: 1, m: 60, h: 3600, d: 86400 };

/** Of type `event_count`: so many events of one group within a time. */
function correlated({ title, correlation, ...rest }, rules) {
  nothingElse(without(rest, "id status description references author date tags falsepositives level"), title);
  const { type, rules: names, "group-by": groupBy, timespan, condition, ...more } = correlation;
  nothingElse(more, title);
  nothingElse(without(condition, "gte"), title);
  if (type !== "event_count") throw new Error(`${title}: unknown correlation ${type}`);
  const members = names.map((name) => {
    const rule = rules.find((one) => one.name === name);
    if (!rule) throw new Error(`${title}: no rule ${name}`);
    return rule;
  });
  const [, count, unit] = /^(\d+)([smhd])$/.exec(timespan);
  const span = Number(count) * SECONDS[unit] * 1000;
  return (events) => {
    const groups = new Map();
    for (const event of events) {
      const rule = members.find((one) => one.matches(event));
      if (!rule) continue;
      const values = groupBy.map((field) => rule.fieldsOf(field).flatMap((one) => valuesOf(event, one)));
      const key = JSON.stringify(values);
      const now = Date.parse(event["@timestamp"]);
      const recent = [...(groups.get(key) ?? []), now].filter((time) => now - time < span);
      if (recent.length >= condition.gte) return true;
      groups.set(key, recent);
    }
    return false;
  };
}

function without(object, keys) {
  const known = keys.split(" ");
  return Object.fromEntries(Object.entries(object).filter(([key]) => !known.includes(key)));
}

function nothingElse(rest, where) {
  const [unknown] = Object.keys(rest);
  if (unknown) throw new Error(`${where}: unknown key ${unknown}`);
}
