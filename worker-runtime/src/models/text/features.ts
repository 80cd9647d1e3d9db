/**
 * Texts as counts of hashed n-grams. The text is lowercased and cut into words: runs of letters, marks and digits of any
 * script. Features are the runs of 1 to `wordNgrams` words, and the runs of `characterNgrams` characters (UTF-16 code
 * units) inside each word with a space before and behind it, so that beginnings and ends of words are features too.
 * No vocabulary has to be learned or sent: a feature is known by its bucket alone (Weinberger et al., "Feature hashing
 * for large scale multitask learning", ICML 2009).
 */
export interface NgramSettings {
  readonly wordNgrams: number;
  readonly characterNgrams: readonly [number, number] | null;
  /** Features get buckets 1 to `buckets` - 1; bucket 0 is left to the model. */
  readonly buckets: number;
}

const words = /[\p{L}\p{M}\p{N}]+/gu;

/** How often each bucket occurs in the text, in the order of first occurrence: words, longer runs of them, characters. */
export function textFeatures(text: string, settings: NgramSettings): Map<number, number> {
  const counts = new Map<number, number>();
  const count = (hash: number) => {
    const bucket = 1 + (mix(hash) % (settings.buckets - 1));
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  };
  const found = text.toLowerCase().match(words) ?? [];
  for (let length = 1; length <= settings.wordNgrams; length++) {
    for (let i = 0; i + length <= found.length; i++) {
      count(hashText(found.slice(i, i + length).join(" "), wordSeed));
    }
  }
  if (settings.characterNgrams === null) return counts;
  const [shortest, longest] = settings.characterNgrams;
  for (const word of found) {
    const spaced = ` ${word} `;
    for (let start = 0; start + shortest <= spaced.length; start++) {
      // FNV-1a takes one character after the other, so each run's hash continues that of the shorter one.
      let hash = characterSeed;
      const end = Math.min(start + longest, spaced.length);
      for (let i = start; i < end; i++) {
        hash = addCharacter(hash, spaced.charCodeAt(i));
        if (i - start + 1 >= shortest) count(hash);
      }
    }
  }
  return counts;
}

/** FNV-1a of 32 bits over UTF-16 code units instead of bytes. Words start at its offset basis, characters elsewhere. */
const wordSeed = 0x811c9dc5;
const characterSeed = 0x9dc5811c;

export function hashText(text: string, seed = wordSeed): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = addCharacter(hash, text.charCodeAt(i));
  return hash >>> 0;
}

function addCharacter(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

/** MurmurHash3's last step: every bit of the hash comes to matter for the bucket. */
function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
