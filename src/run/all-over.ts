/** Waits until every one of them is over, also when one fails: nothing may go on after the run that began it. */
export async function allOver<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(tasks);
  return ended.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}
