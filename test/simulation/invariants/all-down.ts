import type { Invariant } from "./invariant.ts";

export const allDown: Invariant = {
  name: "all-down is told when the last provider goes, and is over when one is back, both marked where a drill has part in it",
  sees: ["send", "changed", "isolated", "restored", "all-down", "all-down:over", "settled", "health", "closed"],
  observe: (replay) => {
    let told = false;
    let marked = false;
    const isOfDrill = () => replay.providersOf(0).some(({ outage }) => outage === "drill");
    let turn = 0;
    const everyoneIsOut = () =>
      replay.providersOf(0).every(({ state, isolated }) => isolated > 0 || state === "down" || state === "probing");
    let out = false;
    return {
      *see(entry) {
        if (entry.mailer !== 0) return;
        if (entry.turn !== turn) {
          if (told !== out) yield out ? "all were down and nobody was told" : "all-down is not over, though it is";
          turn = entry.turn;
        }
        if (entry.what === "all-down") {
          if (told) yield "all-down was told twice";
          told = true;
          marked = entry.event.drill === true;
          if (marked !== isOfDrill()) yield `all-down is marked as of a drill: ${marked}`;
        }
        if (entry.what === "all-down:over") {
          if (!told) yield "all-down:over was told of nothing";
          told = false;
          if ((entry.event.drill === true) !== marked) yield "all-down:over is not marked as its all-down was";
        }
        out = everyoneIsOut();
      },
    };
  },
};
