import { expect, test } from 'vitest';
import { ApiKey, apis, ErrorCode, errorByCode } from './index.ts';

test('every code has its own sentence', () => {
  const errors = Object.entries(ErrorCode).map(([name, code]) => {
    const error = errorByCode(code);
    expect(error).toMatchObject({ name, code });
    return error.message;
  });
  for (const message of errors) expect(message).toMatch(/^[A-Z].+[.]$/);
  expect(new Set(errors).size).toBe(errors.length);
});

test('a code that is not known is an error that says so', () => {
  expect(errorByCode(9999)).toMatchObject({ code: 9999, retriable: false });
});

test('every API has its key', () => {
  expect(Object.entries(ApiKey)).toEqual(apis.map(({ name, key }) => [name, key]));
});
