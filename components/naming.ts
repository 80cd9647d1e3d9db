import { createHash } from "node:crypto";

/** What the provider accepts as the name of one type of resource. */
export interface NameRule {
  /** The most characters of the whole name, with what the provider appends. */
  readonly maximum: number;
  /** What goes between words; empty where only letters and digits are allowed. */
  readonly separator: "-" | "";
  /** Characters that the provider's auto-naming appends: a separator and random digits. */
  readonly suffix: number;
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 6);

/**
 * The name without what some cloud refuses: lower-case ASCII letters and digits, joined by hyphens, a letter first. It is
 * the name itself where that is fine already; else it ends in a hash, so that two names never become one.
 */
export function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return plain === name ? name : [...(plain && [plain]), hash(name)].join("-").replace(/^(?=[0-9])/, "n");
}

/**
 * A name of at most `maximum` characters that says as much of `words` as fits, and ends in a hash when something was cut.
 * All but the last word are of the user; the last is ours and is cut last.
 */
export function boundedName(words: readonly string[], maximum: number, separator: "-" | "" = "-"): string {
  const join = (parts: readonly string[]) => parts.join("-").replaceAll("-", separator);
  const whole = join(words);
  // Without separators "a-b" and "ab" would be one name.
  if (whole.length <= maximum && (separator === "-" || !words.slice(0, -1).some((word) => word.includes("-"))))
    return whole;
  // Something of the first word, the hash, and as much of the last as fits.
  const middle = `${separator}${hash(words.join("/"))}${separator}`;
  const last = join(words.slice(-1)).slice(0, maximum - middle.length - 1);
  const head = join(words.slice(0, -1)).slice(0, maximum - middle.length - last.length);
  return `${head.replace(/-+$/, "")}${middle}${last.replace(/-+$/, "")}`;
}

/** The logical name of a child (`deadLetters` gives `dead-letters`): short and plain enough that with the provider's suffix it is a valid name of that type. */
export function childName(component: string, child: string, rule: NameRule): string {
  const words = child.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return boundedName([slug(component), words], rule.maximum - rule.suffix, rule.separator);
}

/** A whole name for the types that have no auto-naming: unique per project, stack and component. */
export function physicalName(
  project: string,
  stack: string,
  component: string,
  child: string,
  maximum: number,
): string {
  const unique = hash([project, stack, component].join("/"));
  return boundedName([slug(component), slug(stack), `${child}-${unique}`], maximum);
}

/** For types without a name in the cloud: only the logical name, which Pulumi does not bound. */
export const unnamed: NameRule = { maximum: 100, separator: "-", suffix: 0 };

/** The same UUID for the same words: version 8, which leaves its bits to whoever makes it. */
export function uuidOf(...words: string[]): string {
  const hex = createHash("sha256").update(words.join("/")).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
