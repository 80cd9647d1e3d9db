import { spawnSync } from "node:child_process";
import { createReadStream, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import * as elf from "./elf.mjs";
import { ImageError } from "./errors.mjs";

const { relocationBytes, relocations, symbolBytes, tags } = elf;
const byName = [relocations.R_X86_64_64, relocations.R_X86_64_GLOB_DAT, relocations.R_X86_64_JUMP_SLOT];

/**
 * Does once what the system's loader would do by name, 400,000 times, whenever TensorFlow's libraries are loaded: finds the
 * functions and variables that a library uses of itself. Names that nobody asks for any more become zeros, in Node too.
 * Loading takes half the time then, and the compressed image is 8 % smaller.
 *
 * Which definition is taken the loader tells itself, when it loads `binding` in the image's Node; only uses that it binds to
 * the same library are changed, so nothing is bound otherwise than before.
 *
 * @param {string} node @param {string} binding @param {readonly string[]} libraries those that `binding` brings along
 * @param {string} scratch a folder that is made for what the loader tells, some 100 MB, and removed
 */
export async function bindSymbols(node, binding, libraries, scratch) {
  mkdirSync(scratch);
  try {
    const bound = await askLoader(node, binding, scratch);
    for (const place of [node, ...libraries]) {
      const name = realpathSync(place);
      const file = readFileSync(place);
      const section = elf.sectionsOf(file);
      const symbols = elf.symbolsOf(file, section);
      // Node's own calls stay as they are: a program's way to a function of another library can be its own symbol.
      if (place !== node) bindInside(file, section, symbols, new Set(bound.get(name)?.get(name)));
      const wanted = new Set([...bound].flatMap(([user, of]) => (user === name ? [] : [...(of.get(name) ?? [])])));
      forgetOthers(file, section, symbols, wanted);
      writeFileSync(place, file);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * @param {string} node @param {string} binding @param {string} scratch
 * @returns {Promise<Map<string, Map<string, Set<string>>>>} the symbols, by the file that uses them and the one that has them
 */
async function askLoader(node, binding, scratch) {
  const env = { LD_DEBUG: "bindings", LD_DEBUG_OUTPUT: path.join(scratch, "told"), LD_BIND_NOW: "1" };
  const script = `process.dlopen({ exports: {} }, ${JSON.stringify(binding)})`;
  const { status, stderr } = spawnSync(node, ["-e", script], { env, encoding: "utf8" });
  if (status !== 0) throw new ImageError(`TensorFlow's library does not load in the image's Node: ${stderr}`);
  /** @type {Map<string, Map<string, Set<string>>>} */
  const bound = new Map();
  for (const name of readdirSync(scratch))
    for await (const line of createInterface({ input: createReadStream(path.join(scratch, name)) })) {
      const [, user, definer, symbol] = /binding file (.+) \[0\] to (.+) \[0\]: \w+ symbol `(.+)'/.exec(line) ?? [];
      if (!user || !definer || !symbol) continue;
      const of = getOrMake(bound, real(user), () => new Map());
      getOrMake(of, real(definer), () => new Set()).add(symbol);
    }
  return bound;
}

/** @type {Map<string, string>} */
const realPaths = new Map();
/** The path of a file that the loader may name by a way with `..` in it. @param {string} file */
const real = (file) => getOrMake(realPaths, file, () => (path.isAbsolute(file) ? realpathSync(file) : file));

/** @template T @param {Map<string, T>} map @param {string} key @param {() => T} make @returns {T} */
function getOrMake(map, key, make) {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

/**
 * Makes of each use of an own symbol an addition of the library's address, which needs no name.
 *
 * @param {Buffer} file a shared library, changed in place; nothing in it moves but the relocations, among themselves
 * @param {elf.FindSection} section @param {readonly elf.ElfSymbol[]} symbols
 * @param {ReadonlySet<string>} own names of symbols that it uses of itself
 */
function bindInside(file, section, symbols, own) {
  const [data, calls] = [section(".rela.dyn"), section(".rela.plt")];
  if (data.offset + data.size !== calls.offset) throw new Error("the two tables of relocations are not neighbours");

  const relative = /** @type {Buffer[]} */ ([]);
  const named = /** @type {Buffer[]} */ ([]);
  for (const { at, type, symbol: index } of elf.relocationsOf(file, section)) {
    const one = Buffer.from(file.subarray(at, at + relocationBytes));
    const symbol = symbols[index];
    if (type === relocations.R_X86_64_RELATIVE) relative.push(one);
    else if (byName.includes(type) && symbol?.isDefined && symbol.isPlain && own.has(symbol.name)) {
      const addend = type === relocations.R_X86_64_64 ? one.readBigInt64LE(16) : 0n;
      one.writeBigUInt64LE(BigInt(relocations.R_X86_64_RELATIVE), 8);
      one.writeBigInt64LE(symbol.address + addend, 16);
      relative.push(one);
    } else {
      // A call that is bound when it is first made is known by its place in the table, which is no longer the same.
      if (type === relocations.R_X86_64_JUMP_SLOT) one.writeUInt32LE(relocations.R_X86_64_GLOB_DAT, 8);
      named.push(one);
    }
  }
  // The relative ones come first, as the loader wants them; by their places, so that it walks through memory in order.
  relative.sort((a, b) => Number(a.readBigUInt64LE(0) - b.readBigUInt64LE(0)));
  Buffer.concat([...relative, ...named]).copy(file, data.offset);
  // Where calls were bound when first made stood the addresses of who would bind them; the first three are the loader's.
  const lazily = section(".got.plt");
  file.fill(0, lazily.offset + 3 * 8, lazily.offset + lazily.size);
  elf.writeDynamic(
    file,
    section(".dynamic"),
    new Map([
      [tags.DT_RELASZ, data.size + calls.size],
      [tags.DT_RELACOUNT, relative.length],
      [tags.DT_PLTRELSZ, 0],
    ]),
  );
}

/**
 * Forgets all symbols that neither the file nor another one asks for by name.
 *
 * @param {Buffer} file @param {elf.FindSection} section @param {readonly elf.ElfSymbol[]} symbols
 * @param {ReadonlySet<string>} wanted names of symbols that others use of it
 */
function forgetOthers(file, section, symbols, wanted) {
  const used = new Set([...elf.relocationsOf(file, section)].map(({ symbol }) => symbol));
  const kept = symbols.map(({ name, isUnique }, index) => used.has(index) || isUnique || wanted.has(name));
  const table = section(".dynsym").offset;
  for (let index = 1; index < kept.length; index++)
    if (!kept[index]) file.fill(0, table + index * symbolBytes, table + (index + 1) * symbolBytes);
  elf.keepHashes(file, section(".gnu.hash"), symbols, kept);
  const names = symbols.flatMap(({ nameOffset }, index) => (kept[index] ? [nameOffset] : []));
  elf.keepNames(file, section(".dynstr"), [...names, ...elf.otherNames(file, section)]);
}
