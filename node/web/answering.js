// The worker's side of calls.js: tasks by their names, each answered with a value or with a refusal in both languages.

import { LedgerError } from "./lib/errors.js";

// `tasks` are functions of what is given, and of `told`, which reports while they are at work.
export const answer = (tasks) =>
  addEventListener("message", async ({ data: { id, task, given } }) => {
    try {
      const value = await tasks[task](given, (done) => postMessage({ id, done }));
      postMessage({ id, value });
    } catch (error) {
      const said = error instanceof LedgerError ? { zh: error.sentence("zh"), en: error.sentence("en") } : null;
      postMessage({ id, error: { said, code: error.code ?? null, name: error.name, message: String(error.message) } });
    }
  });
