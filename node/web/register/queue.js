// What is given while something else is still being done waits for its turn: nothing is lost, and nothing overtakes.

export class Queue {
  constructor() {
    this.last = Promise.resolve();
  }

  // What `act` comes to, once everything before it has come to an end, be it a failure. An act must not wait for a later one.
  run(act) {
    const mine = this.last.then(act);
    this.last = mine.catch(() => {});
    return mine;
  }
}
