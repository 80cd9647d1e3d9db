const cronField = (minimum: number, maximum: number) => (field: string) =>
  field.split(",").every((part) => {
    const [, range, from, to, step] = part.match(/^(\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/) ?? [];
    if (range === undefined) return false;
    const numbers = [from, to].filter((n) => n !== undefined).map(Number);
    const inside =
      numbers.every((n) => n >= minimum && n <= maximum) && (to === undefined || numbers[0]! <= numbers[1]!);
    return (
      inside &&
      (step === undefined || (Number(step) >= 1 && Number(step) <= maximum && (range === "*" || to !== undefined)))
    );
  });
const cronFields = [cronField(0, 59), cronField(0, 23), cronField(1, 31), cronField(1, 12), cronField(0, 7)];

/** What is wrong with a schedule of five fields, if anything: minute, hour, day of the month, month, day of the week. */
export function cronProblem(cron: unknown): string | undefined {
  const fields = typeof cron === "string" ? cron.trim().split(/\s+/) : [];
  if (fields.length !== 5 || !fields.every((field, i) => cronFields[i]!(field)))
    return `is ${JSON.stringify(cron)}; wanted are five fields of numbers, minute hour day-of-month month day-of-week, such as "0 3 * * 1-5"`;
  // Cron joins the two by "or", which EventBridge cannot say.
  if (fields[2] !== "*" && fields[4] !== "*")
    return `is ${JSON.stringify(cron)}; it restricts day-of-month and day-of-week, and the clouds do not agree what that means`;
  return undefined;
}
