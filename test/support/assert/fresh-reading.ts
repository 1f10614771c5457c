/** Maximum number of readings before a failure counts. */
const freshReadings = 5;

/** Checks a reading, and a fresh one when it fails: load delays a runtime between two readings of its own. */
export async function passes<T>(
  reading: T,
  take: () => Promise<T>,
  check: (reading: T) => void,
): Promise<void> {
  let checked = reading;
  for (let left = freshReadings; left > 0; left -= 1) {
    try {
      return check(checked);
    } catch {
      checked = await take();
    }
  }
  check(checked);
}
