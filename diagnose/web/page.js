// The keyboard is the terminal's once that is there, and the link's once it is gone: whoever
// comes without a mouse need not look for it.
let before = "";
new MutationObserver(() => {
  const marks = document.body.classList;
  const owner = marks.contains("-closed") ? "#ended a"
    : marks.contains("-first-byte") ? ".xterm-helper-textarea" : "";
  if (owner && owner !== before) document.querySelector(owner).focus();
  before = owner;
}).observe(document.body, {attributeFilter: ["class"]});
