"use strict";
// News from the server become DOM events, while somebody is there (jaga.js). What happened before
// the stream opened, or between two streams, is not told: then the page reads itself anew.
(() => {
  let source = null;
  const open = () => {
    source = new EventSource("/langsung");
    source.addEventListener("open", () => document.dispatchEvent(new CustomEvent("tersambung")));
    source.addEventListener("tiket", (event) => {
      document.dispatchEvent(new CustomEvent("kabar", { detail: JSON.parse(event.data) }));
    });
  };
  document.addEventListener("bangun", open);
  document.addEventListener("istirahat", () => source.close());
  open();
})();
