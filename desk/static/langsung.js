"use strict";
// News from the server become DOM events. A page that nobody touches for long stops asking, so
// that an abandoned session runs out.
(() => {
  const REST = 25 * 60 * 1000;
  const BEAT = 20 * 1000;
  let touched = Date.now();
  let source = null;
  const open = () => {
    source = new EventSource("/langsung");
    source.addEventListener("tiket", (event) => {
      document.dispatchEvent(new CustomEvent("kabar", { detail: JSON.parse(event.data) }));
    });
  };
  const touch = () => {
    touched = Date.now();
    if (source === null) open();
  };
  for (const kind of ["keydown", "pointerdown", "pointermove"]) {
    document.addEventListener(kind, touch, { passive: true });
  }
  setInterval(() => {
    if (Date.now() - touched > REST) {
      if (source !== null) source.close();
      source = null;
      return;
    }
    document.dispatchEvent(new CustomEvent("detak"));
  }, BEAT);
  open();
})();
