// What is needed of the format of shared libraries; names and numbers are those of elf.h, for x86-64.

export const relocationBytes = 24;
export const symbolBytes = 24;
export const relocations = { R_X86_64_64: 1, R_X86_64_GLOB_DAT: 6, R_X86_64_JUMP_SLOT: 7, R_X86_64_RELATIVE: 8 };
export const tags = { DT_PLTRELSZ: 2, DT_RELASZ: 8, DT_RELACOUNT: 0x6ffffff9 };
/** DT_NEEDED, DT_SONAME, DT_RUNPATH: their values are places of names. */
const nameTags = [1, 14, 29];
const [STB_GNU_UNIQUE, STT_TLS, STT_GNU_IFUNC] = [10, 6, 10];

/** @typedef {{ offset: number, size: number, address: number }} Section */
/** @typedef {(name: string, otherwise?: Section) => Section} FindSection */
/** @typedef {{ name: string, nameOffset: number, address: bigint, isDefined: boolean, isUnique: boolean, isPlain: boolean }} ElfSymbol */

/** @param {Buffer} file @param {number} offset */
function textAt(file, offset) {
  return file.toString("latin1", offset, file.indexOf(0, offset));
}

/** @param {Buffer} file @returns {FindSection} */
export function sectionsOf(file) {
  const [table, entryBytes] = [Number(file.readBigUInt64LE(0x28)), file.readUInt16LE(0x3a)];
  const all = Array.from({ length: file.readUInt16LE(0x3c) }, (_, i) => {
    const at = table + i * entryBytes;
    const field = (/** @type {number} */ offset) => Number(file.readBigUInt64LE(at + offset));
    return {
      nameOffset: file.readUInt32LE(at),
      section: { address: field(0x10), offset: field(0x18), size: field(0x20) },
    };
  });
  const names = all[file.readUInt16LE(0x3e)]?.section.offset ?? 0;
  const byName = new Map(all.map(({ nameOffset, section }) => [textAt(file, names + nameOffset), section]));
  return (name, otherwise) => {
    const section = byName.get(name) ?? otherwise;
    if (!section) throw new Error(`a library has no section ${name}`);
    return section;
  };
}

/** @param {Buffer} file @param {FindSection} section @returns {ElfSymbol[]} */
export function symbolsOf(file, section) {
  const { offset, size } = section(".dynsym");
  const names = section(".dynstr").offset;
  return Array.from({ length: size / symbolBytes }, (_, i) => {
    const at = offset + i * symbolBytes;
    const [nameOffset, info] = [file.readUInt32LE(at), file.readUInt8(at + 4)];
    const isUnique = info >> 4 === STB_GNU_UNIQUE;
    return {
      ...{ name: textAt(file, names + nameOffset), nameOffset, address: file.readBigUInt64LE(at + 8), isUnique },
      isDefined: file.readUInt16LE(at + 6) !== 0,
      isPlain: !isUnique && ![STT_TLS, STT_GNU_IFUNC].includes(info & 15),
    };
  });
}

/**
 * What the loader does to a file: at which places, and for which symbol, by its index; 0 is none.
 *
 * @param {Buffer} file @param {FindSection} section @returns {Generator<{ at: number, type: number, symbol: number }>}
 */
export function* relocationsOf(file, section) {
  for (const { offset, size } of [section(".rela.dyn"), section(".rela.plt")])
    for (let at = offset; at < offset + size; at += relocationBytes)
      yield { at, type: file.readUInt32LE(at + 8), symbol: file.readUInt32LE(at + 12) };
}

/**
 * Gives some of the loader's instructions other values.
 *
 * @param {Buffer} file @param {Section} dynamic @param {Map<number, number>} values by tag
 */
export function writeDynamic(file, dynamic, values) {
  for (const { tag, at } of dynamicEntries(file, dynamic)) {
    const value = values.get(tag);
    if (value !== undefined) file.writeBigUInt64LE(BigInt(value), at + 8);
  }
}

/** @param {Buffer} file @param {Section} dynamic */
function dynamicEntries(file, { offset, size }) {
  return Array.from({ length: size / 16 }, (_, i) => {
    const at = offset + 16 * i;
    return { at, tag: Number(file.readBigInt64LE(at)), value: Number(file.readBigUInt64LE(at + 8)) };
  });
}

/**
 * The names that are no symbols': of libraries, and of versions of symbols.
 *
 * @param {Buffer} file @param {FindSection} section @returns {number[]} their places in .dynstr
 */
export function otherNames(file, section) {
  const names = dynamicEntries(file, section(".dynamic")).flatMap(({ tag, value }) =>
    nameTags.includes(tag) ? [value] : [],
  );
  const needed = section(".gnu.version_r");
  // Verneed: version, count, file, first, next. Vernaux: hash, flags, other, name, next.
  for (const at of chain(file, needed.offset, 12, needed.size)) {
    names.push(file.readUInt32LE(at + 4));
    for (const aux of chain(file, at + file.readUInt32LE(at + 8), 12)) names.push(file.readUInt32LE(aux + 8));
  }
  const defined = section(".gnu.version_d", { offset: 0, size: 0, address: 0 });
  // Verdef: version, flags, index, count, hash, first, next. Verdaux: name, next.
  for (const at of chain(file, defined.offset, 16, defined.size))
    for (const aux of chain(file, at + file.readUInt32LE(at + 12), 4)) names.push(file.readUInt32LE(aux));
  return names;
}

/**
 * The places of entries each of which says, at `nextAt`, how far it is to the next, or 0.
 *
 * @param {Buffer} file @param {number} first @param {number} nextAt @returns {Generator<number>}
 */
function* chain(file, first, nextAt, size = 1) {
  for (let at = first, next = size; next !== 0; at += next) {
    yield at;
    next = file.readUInt32LE(at + nextAt);
  }
}

/** @param {Buffer} file @param {Section} strings @param {readonly number[]} names places of the names that stay */
export function keepNames(file, strings, names) {
  const old = Buffer.from(file.subarray(strings.offset, strings.offset + strings.size));
  file.fill(0, strings.offset, strings.offset + strings.size);
  for (const name of names) old.copy(file, strings.offset + name, name, old.indexOf(0, name));
}

/**
 * Leaves only some symbols in the loader's table of hashes: its filter and its buckets become those of the kept ones.
 *
 * @param {Buffer} file @param {Section} table .gnu.hash @param {readonly ElfSymbol[]} symbols @param {readonly boolean[]} kept by symbol
 */
export function keepHashes(file, { offset }, symbols, kept) {
  const word = (/** @type {number} */ at) => file.readUInt32LE(at);
  const [bucketCount, firstSymbol, filterWords, shift] = [
    word(offset),
    word(offset + 4),
    word(offset + 8),
    word(offset + 12),
  ];
  const filter = offset + 16;
  const buckets = filter + 8 * filterWords;
  const chains = buckets + 4 * bucketCount;
  file.fill(0, filter, buckets);
  for (let bucket = buckets; bucket < chains; bucket += 4) {
    let isEmpty = true;
    for (let symbol = word(bucket), isLast = symbol === 0; !isLast; symbol++) {
      const at = chains + 4 * (symbol - firstSymbol);
      isLast = (word(at) & 1) === 1;
      if (!kept[symbol]) {
        file.writeUInt32LE(isLast ? 1 : 0, at);
        continue;
      }
      isEmpty = false;
      const hash = hashOf(symbols[symbol]?.name ?? "");
      for (const bit of [hash % 64, (hash >>> shift) % 64])
        file[filter + 8 * ((hash >>> 6) % filterWords) + (bit >> 3)] |= 1 << (bit & 7);
    }
    if (isEmpty) file.writeUInt32LE(0, bucket);
  }
}

/** The hash by which the loader looks for a symbol. @param {string} name */
function hashOf(name) {
  let hash = 5381;
  for (let i = 0; i < name.length; i++) hash = (hash * 33 + name.charCodeAt(i)) >>> 0;
  return hash;
}
