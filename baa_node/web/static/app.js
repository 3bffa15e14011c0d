// The dashboard keeps itself fresh by server-sent events. Without this script the page reloads by itself.
"use strict";
const board = document.getElementById("board");
const live = document.getElementById("live");
const stream = new EventSource(board.dataset.events);
const tell = (state) => { live.hidden = false; live.textContent = live.dataset[state]; live.dataset.state = state; };
stream.addEventListener("open", () => tell("live"));
stream.addEventListener("error", () => tell("lost"));
stream.addEventListener("over", () => { stream.close(); location.reload(); });
stream.addEventListener("board", (event) => {
  if (board.contains(document.activeElement)) return; // whoever is in there by keyboard stays where they are
  board.innerHTML = JSON.parse(event.data).html;
});
