/** Tries again until it is done: kafkajs' retries do not cover a connection that ends while it is being made. */
export async function insisting(action: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await action();
    } catch (error) {
      if (tries >= 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
