"use strict";
// The page's heartbeat, while somebody is there. A page that nobody touches for long stops asking,
// so that an abandoned session runs out.
(() => {
  const REST = 25 * 60 * 1000;
  const BEATS = { detak: 20 * 1000, denyut: 3 * 1000 };
  const say = (word) => document.dispatchEvent(new CustomEvent(word));
  let touched = Date.now();
  let resting = false;
  const touch = () => {
    touched = Date.now();
    if (resting) say("bangun");
    resting = false;
  };
  for (const kind of ["keydown", "pointerdown", "pointermove"]) {
    document.addEventListener(kind, touch, { passive: true });
  }
  for (const [word, pause] of Object.entries(BEATS)) {
    setInterval(() => {
      if (!resting && Date.now() - touched > REST) {
        resting = true;
        say("istirahat");
      }
      if (!resting) say(word);
    }, pause);
  }
})();
