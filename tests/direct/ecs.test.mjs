// The expected documents of every dataset against the schema that Elastic publishes.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { EcsFlat } from '@elastic/ecs';

const DOCUMENTS = new URL('../../crates/normalizer/tests/documents/', import.meta.url);

// By type of ECS, what a value in JSON must be.
const IS = {
  geo_point: (value) => IS.object(value) && Math.abs(value.lat) <= 90 && Math.abs(value.lon) <= 180,
  boolean: (value) => typeof value === 'boolean',
  date: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  float: (value) => typeof value === 'number',
  ip: (value) => typeof value === 'string' && isIP(value) !== 0,
  keyword: (value) => typeof value === 'string' && value !== '',
  long: (value) => Number.isInteger(value),
  nested: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  match_only_text: (value) => typeof value === 'string' && value !== '',
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  scaled_float: (value) => typeof value === 'number',
  wildcard: (value) => typeof value === 'string' && value !== '',
};

// What is wrong with a document, field by field.
function faults(document) {
  const faults = [];
  const walk = (object, path) => {
    for (const [name, value] of Object.entries(object)) {
      const field = path === '' ? name : `${path}.${name}`;
      if (field === 'cloudflare') continue;
      const known = EcsFlat[field];
      if (known === undefined || (known.type === 'object' && !Array.isArray(value))) {
        if (IS.object(value)) walk(value, field);
        else faults.push(`${field} is no field of ECS`);
        continue;
      }
      const isList = known.normalize.includes('array');
      if (isList !== Array.isArray(value)) {
        faults.push(`${field} is ${isList ? 'not a' : 'a'} list`);
        continue;
      }
      for (const one of isList ? value : [value]) {
        if (!IS[known.type]?.(one)) faults.push(`${field}: ${JSON.stringify(one)} is no ${known.type}`);
        const allowed = known.allowed_values?.map((each) => each.name);
        if (allowed !== undefined && !allowed.includes(one)) faults.push(`${field}: ${one} is not allowed`);
      }
    }
  };
  walk(document, '');
  const categories = EcsFlat['event.category'].allowed_values;
  const expected = categories
    .filter(({ name }) => document.event?.category?.includes(name))
    .flatMap((category) => category.expected_event_types ?? []);
  for (const type of document.event?.type ?? []) {
    if (!expected.includes(type)) faults.push(`event.type: ${type} is not expected of ${document.event.category}`);
  }
  return faults;
}

test('every expected document is ECS by the schema that Elastic publishes', () => {
  const files = readdirSync(DOCUMENTS);
  assert.equal(files.length, 37);
  for (const file of files) {
    const { ecs } = JSON.parse(readFileSync(new URL(file, DOCUMENTS), 'utf8'));
    for (const [name, document] of Object.entries(ecs)) {
      assert.deepEqual(faults(document), [], `${file}, ${name}`);
    }
  }
});

test('the check finds what is not ECS', () => {
  const valid = { '@timestamp': '2026-01-02T03:04:05.000000Z', ecs: { version: '9.4.0' }, event: { category: ['network'], kind: 'event', type: ['denied'] } };
  assert.deepEqual(faults(valid), []);
  for (const [change, fault] of [
    [{ source: { ip: '192.0.2.256' } }, 'source.ip: "192.0.2.256" is no ip'],
    [{ source: { port: '1' } }, 'source.port: "1" is no long'],
    [{ related: { ip: '192.0.2.1' } }, 'related.ip is not a list'],
    [{ user: { name: ['a'] } }, 'user.name is a list'],
    [{ user: { nick: 'a' } }, 'user.nick is no field of ECS'],
    [{ event: { kind: 'alarm' } }, 'event.kind: alarm is not allowed'],
    [{ event: { category: ['network'], type: ['error'] } }, 'event.type: error is not expected of network'],
  ]) {
    assert.deepEqual(faults({ ...valid, ...change }), [fault]);
  }
});
