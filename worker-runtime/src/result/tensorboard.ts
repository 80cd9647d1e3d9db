import { crc32c } from "./crc32c.ts";
import { roundMetrics } from "./metrics.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * A TensorBoard event file with the scalars of every round: `train/loss`, `train/learning-rate`, `heldOut/<metric>`; the
 * step is the round. The times are those at which the rounds ended, by the workers' own clocks.
 */
export function eventFile(record: RunRecord): Uint8Array {
  const begins = record.rounds.flatMap(({ traces }) => traces.map(({ startedAtMs }) => startedAtMs));
  let timeMs = begins.reduce((first, ms) => Math.min(first, ms), begins[0] ?? 0);
  const records = [tfRecord(event(timeMs, 0, text(3, "brain.Event:2")))];
  for (const [i, { round, trainLoss, learningRate, metrics }] of roundMetrics(record).entries()) {
    timeMs = record.rounds[i]!.traces.reduce((last, { finishedAtMs }) => Math.max(last, finishedAtMs), timeMs);
    const scalars = [
      ...(trainLoss === undefined ? [] : [scalar("train/loss", trainLoss)]),
      ...(learningRate === undefined ? [] : [scalar("train/learning-rate", learningRate)]),
      ...Object.entries(metrics ?? {}).map(([name, value]) => scalar(`heldOut/${name}`, value)),
    ];
    if (scalars.length > 0) records.push(tfRecord(event(timeMs, round, message(5, Buffer.concat(scalars)))));
  }
  return Buffer.concat(records);
}

/** The TFRecord framing: length, its checksum, the data, its checksum. */
function tfRecord(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedChecksum(length), data, maskedChecksum(data)]);
}

/** TensorFlow masks checksums, as a checksum of data that holds checksums would be weak (tsl/lib/hash/crc32c.h). */
function maskedChecksum(data: Buffer): Buffer {
  const checksum = crc32c(data);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE((((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0);
  return bytes;
}

// Protocol buffers by hand. Field numbers: tensorflow/core/util/event.proto and framework/summary.proto.

function event(timeMs: number, step: number, content: Buffer): Buffer {
  const time = Buffer.alloc(9);
  time[0] = tag(1, 1);
  time.writeDoubleLE(timeMs / 1000, 1);
  return Buffer.concat([time, Buffer.of(tag(2, 0)), varint(step), content]);
}

/** A `Summary.Value`, as the summary's next one. */
function scalar(name: string, value: number): Buffer {
  const number = Buffer.alloc(5);
  number[0] = tag(2, 5);
  number.writeFloatLE(value, 1);
  return message(1, Buffer.concat([text(1, name), number]));
}

function text(field: number, content: string): Buffer {
  return message(field, Buffer.from(content));
}

function message(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag(field, 2)), varint(content.length), content]);
}

function tag(field: number, wireType: 0 | 1 | 2 | 5): number {
  return (field << 3) | wireType;
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
}
