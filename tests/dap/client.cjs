// Drives kdive with the protocol's own test client: `node dap_client.cjs CLIENT-PACKAGE KDIVE VMLINUX TARGET`.
// Prints "ok" when everything is as it should be. The guest reads with vfs_read all the time.
'use strict';
const assert = require('assert');
const [modules, kdive, program, target] = process.argv.slice(2);
const { DebugClient } = require(modules);

async function main() {
  const client = new DebugClient(kdive, '-i=dap', 'kdive');
  client.defaultTimeout = 120000;
  await client.start();
  const [init] = await Promise.all([
    client.initializeRequest({ adapterID: 'kdive', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' }),
  ]);
  for (const ability of ['supportsDataBreakpoints', 'supportsExceptionInfoRequest', 'supportsGotoTargetsRequest',
    'supportsDisassembleRequest', 'supportsCancelRequest', 'supportsSteppingGranularity', 'supportsTerminateRequest',
    'supportsDelayedStackTraceLoading']) {
    assert.strictEqual(init.body[ability], true, ability);
  }
  await Promise.all([client.waitForEvent('initialized'), client.attachRequest({ program, target })]);
  const set = await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'vfs_read' }] });
  assert.strictEqual(set.body.breakpoints[0].verified, true);
  const line = set.body.breakpoints[0].line;
  await Promise.all([client.waitForEvent('stopped'), client.configurationDoneRequest()]);
  const [stop] = await Promise.all([client.waitForEvent('stopped'), client.continueRequest({ threadId: 1 })]);
  assert.strictEqual(stop.body.reason, 'function breakpoint');
  const threadId = stop.body.threadId;
  const threads = await client.threadsRequest();
  assert.strictEqual(threads.body.threads.length, 2);
  const stack = await client.stackTraceRequest({ threadId, startFrame: 0, levels: 20 });
  assert.strictEqual(stack.body.stackFrames[0].name, 'vfs_read');
  const frameId = stack.body.stackFrames[0].id;
  const scopes = await client.scopesRequest({ frameId });
  const variables = await client.variablesRequest({ variablesReference: scopes.body.scopes[0].variablesReference });
  assert.deepStrictEqual(variables.body.variables.map((one) => one.name), ['file', 'buf', 'count', 'pos']);
  const file = await client.variablesRequest({ variablesReference: variables.body.variables[0].variablesReference });
  assert.ok(file.body.variables.some((one) => one.name === 'f_path'));
  const value = await client.evaluateRequest({ expression: 'file->f_path.dentry->d_name.name', frameId, context: 'watch' });
  assert.ok(value.body.result.includes('"'), value.body.result);
  const code = await client.disassembleRequest({
    memoryReference: stack.body.stackFrames[0].instructionPointerReference, instructionOffset: -3, instructionCount: 6,
  });
  assert.strictEqual(code.body.instructions.length, 6);
  const info = await client.exceptionInfoRequest({ threadId });
  assert.ok(info.body.description.length > 0);
  const data = await client.dataBreakpointInfoRequest({ name: 'jiffies_64' });
  await client.setFunctionBreakpointsRequest({ breakpoints: [] });
  await client.setDataBreakpointsRequest({ breakpoints: [{ dataId: data.body.dataId, accessType: 'write' }] });
  const [changed] = await Promise.all([client.waitForEvent('stopped'), client.continueRequest({ threadId })]);
  assert.strictEqual(changed.body.reason, 'data breakpoint');
  await client.setDataBreakpointsRequest({ breakpoints: [] });
  const source = stack.body.stackFrames[0].source;
  await client.setBreakpointsRequest({ source, breakpoints: [{ line }] });
  const [there] = await Promise.all([client.waitForEvent('stopped'), client.continueRequest({ threadId })]);
  assert.strictEqual(there.body.reason, 'breakpoint');
  await Promise.all([client.waitForEvent('stopped'), client.nextRequest({ threadId: there.body.threadId })]);
  await client.disconnectRequest({});
  console.log('ok');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
