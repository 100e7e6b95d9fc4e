// Drives a server with the official TypeScript SDK: `node client.mjs SERVER`. Prints "ok" and the seconds that it took.

import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const start = performance.now();
const errors = [];
const client = new Client({ name: "test", version: "1" });
client.onerror = (error) => errors.push(error);
await client.connect(new StdioClientTransport({ command: process.argv[2] }));
assert.deepEqual(client.getServerVersion(), { name: "hello-mcp", version: "0.1.0" });
assert.deepEqual(client.getServerCapabilities(), { tools: {} });
const { tools, nextCursor } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name), ["echo", "add"]);
assert.equal(nextCursor, undefined);
const text = 'hé "q"\\\n😀\u2028\x7f';
const echoed = await client.callTool({ name: "echo", arguments: { text } });
assert.deepEqual(echoed.content, [{ type: "text", text }]);
assert.equal(echoed.isError, false);
const bare = await client.callTool({ name: "echo" });
assert.equal(bare.isError, true);
const sum = await client.callTool({ name: "add", arguments: { a: -40, b: 82 } });
assert.equal(sum.content[0].text, "42");
const half = await client.callTool({ name: "add", arguments: { a: 0.5, b: 82 } });
assert.equal(half.content[0].text, "add: argument 'a' must be a 32-bit integer");
await assert.rejects(client.callTool({ name: "nope", arguments: {} }), { code: -32602 });
await assert.rejects(client.listPrompts(), /./);
for (let i = 0; i < 100; i++) await client.ping();
const many = await Promise.all(
  Array.from({ length: 100 }, (_, i) => client.callTool({ name: "add", arguments: { a: i, b: i } })),
);
assert.deepEqual(many.map((result) => result.content[0].text), Array.from({ length: 100 }, (_, i) => `${2 * i}`));
await client.close();
assert.deepEqual(errors, []);
console.log("ok", ((performance.now() - start) / 1000).toFixed(3));
