// Codec: frames that are parsed and written per second of CPU time, compared with the parser and writer of @stomp/stompjs.
import { FrameImpl, Parser } from '@stomp/stompjs';
import { stompCodec } from '../dist/index.js';
import { interleave, machine, printRatios } from './measure.mjs';

const quick = process.argv.includes('--quick');
const rounds = quick ? 3 : 15;
const sizes = [100, 1024, 16 * 1024];
const framesEach = 64;
/** CPU time of one measurement, in microseconds. */
const enough = quick ? 10_000 : 100_000;

const limits = {
  maxFrameBytes: 1024 * 1024,
  maxHeaders: 64,
  maxHeaderBytes: 8192,
  maxConnectHeaderBytes: 8192,
};

const headers = { destination: '/app/rooms/lobby/say', 'content-type': 'application/json' };

console.log(`${machine()}; ${rounds} rounds`);
for (const size of sizes) {
  const body = JSON.stringify({ text: 'x'.repeat(size - 11) });
  const frame = Buffer.from(
    FrameImpl.marshall({ command: 'SEND', headers, body, escapeHeaderValues: true }),
  );
  const stream = Buffer.concat(Array(framesEach).fill(frame));
  await compare(`Parsing, ${size} bytes of body, a frame a chunk`, Array(framesEach).fill(frame));
  await compare(
    `Parsing, ${size} bytes of body, cut into thirds`,
    cut(stream, Math.ceil(frame.length / 3)),
  );
  await compare(
    `Parsing, ${size} bytes of body, eight frames a chunk`,
    cut(stream, frame.length * 8),
  );
  await compareWriting(size, body);
}

/**
 * @param {Buffer} bytes
 * @param {number} size
 */
function cut(bytes, size) {
  const chunks = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

/**
 * @param {string} title
 * @param {readonly Buffer[]} chunks which hold `framesEach` frames
 */
async function compare(title, chunks) {
  const contestants = { stompjs: theirParser(chunks), signalbox: ourParser(chunks) };
  await run(title, contestants);
}

/** @param {readonly Buffer[]} chunks */
function ourParser(chunks) {
  const decoder = stompCodec.decoder(limits, true);
  for (const _ of decoder.push(Buffer.from('CONNECT\naccept-version:1.2\nhost:x\n\n\0')));
  return () => {
    let frames = 0;
    for (const chunk of chunks) for (const _ of decoder.push(chunk)) frames++;
    return frames;
  };
}

/** @param {readonly Buffer[]} chunks */
function theirParser(chunks) {
  let frames = 0;
  const parser = new Parser(
    (raw) => {
      FrameImpl.fromRawFrame(raw, true);
      frames++;
    },
    () => {},
  );
  // In the form that a browser passes them.
  const buffers = chunks.map((chunk) =>
    chunk.buffer.slice(chunk.byteOffset, chunk.byteOffset + chunk.length),
  );
  return () => {
    frames = 0;
    for (const buffer of buffers) parser.parseChunk(buffer);
    return frames;
  };
}

/**
 * @param {number} size
 * @param {string} body
 */
async function compareWriting(size, body) {
  const bytes = Buffer.from(body);
  const encoder = stompCodec.encoder('1.2');
  const map = new Map([['content-type', 'application/json']]);
  let count = 0;
  await run(`Writing a MESSAGE, ${size} bytes of body`, {
    stompjs: () => {
      for (let i = 0; i < framesEach; i++) {
        FrameImpl.marshall({
          command: 'MESSAGE',
          headers: { ...headers, subscription: 'sub-0', 'message-id': `m-${++count}` },
          binaryBody: bytes,
          escapeHeaderValues: true,
        });
      }
      return framesEach;
    },
    signalbox: () => {
      for (let i = 0; i < framesEach; i++) {
        const message = { destination: headers.destination, headers: map, body: bytes };
        encoder.encode({
          kind: 'message',
          subscription: 'sub-0',
          messageId: `m-${++count}`,
          message,
        });
      }
      return framesEach;
    },
  });
}

/**
 * @param {string} title
 * @param {Record<string, () => number>} contestants each does its work once and returns the number of frames
 */
async function run(title, contestants) {
  const names = Object.keys(contestants);
  for (const name of names) measure(contestants[name]);
  const results = await interleave(names, rounds, async (name) => measure(contestants[name]));
  printRatios(`${title}: frames a second of CPU`, results, 'stompjs', 'a second');
}

/** @param {() => number} work */
function measure(work) {
  const before = process.cpuUsage();
  let turns = 0;
  let spent = 0;
  while (spent < enough) {
    const frames = work();
    if (frames !== framesEach) throw new Error(`${frames} frames of ${framesEach} were returned.`);
    turns++;
    const { user, system } = process.cpuUsage(before);
    spent = user + system;
  }
  return ((turns * framesEach) / spent) * 1e6;
}
