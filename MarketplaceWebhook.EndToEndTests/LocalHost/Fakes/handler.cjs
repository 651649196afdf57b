// A custom handler that does what the files alongside it say, for the tests of the local host.
//   response.json   {status, headers, body} or {stream} or {drop} or {exit: code} or {hold}: with "hold" only once the file `release` exists
//   hold-start      while it is there, the handler does not listen
//   seen.jsonl      every request, one line each, written before its response
//   started.json    how the handler was started
const fs = require('node:fs');
const http = require('node:http');

const until = async (condition) => { while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10)); };
let underWay = 0;

const server = http.createServer(async (request, response) => {
  if (request.url === '/') return response.writeHead(404).end();
  const instruction = JSON.parse(fs.readFileSync('response.json', 'utf8'));
  if (instruction.stream) return stream(request, response);

  underWay++;
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, url, rawHeaders } = request;
  fs.appendFileSync('seen.jsonl', JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString(), underWay, pid: process.pid }) + '\n');
  if (instruction.hold) await until(() => fs.existsSync('release'));
  underWay--;

  if (instruction.exit !== undefined) process.exit(instruction.exit);
  if (instruction.drop) return request.socket.destroy();
  response.writeHead(instruction.status, instruction.headers).end(instruction.body);
});

// Reports with the file `began` that a part of the body has arrived, and sends its own response in two parts.
const stream = async (request, response) => {
  request.once('data', () => fs.writeFileSync('began', ''));
  for await (const _ of request);
  response.writeHead(200, { 'Content-Type': 'text/plain' }).write('first');
  await until(() => fs.existsSync('release'));
  response.end('second');
};

(async () => {
  fs.writeFileSync('started.json', JSON.stringify({ pid: process.pid, cwd: process.cwd(), environment: process.env }));
  if (fs.existsSync('exit-at-start')) process.exit(3);
  console.log('the handler speaks');
  await until(() => !fs.existsSync('hold-start'));
  server.listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1');
})();
