const segment = /^[A-Za-z0-9._-]+$/;

/** Throws for a key that some store could not hold, or that could leave its folder. The rules stand in object-store.ts. */
export function checkKey(key: string): void {
  const fine =
    key.length <= 512 &&
    key.split("/").every((part) => segment.test(part) && part !== "." && part !== ".." && part !== "");
  if (!fine) throw new TypeError(`not an object key: ${JSON.stringify(key.slice(0, 200))}`);
}
