"use strict";
// News from the server become DOM events, while somebody is there (jaga.js).
(() => {
  let source = null;
  const open = () => {
    source = new EventSource("/langsung");
    source.addEventListener("tiket", (event) => {
      document.dispatchEvent(new CustomEvent("kabar", { detail: JSON.parse(event.data) }));
    });
  };
  document.addEventListener("bangun", open);
  document.addEventListener("istirahat", () => source.close());
  open();
})();
