import { copyText } from "./dom.js";

/** Draw a coloured line: pieces are [kind, text], as source_code.py makes them. */
export function drawPieces(element, pieces) {
  element.replaceChildren(...pieces.map(([kind, text]) => {
    if (!kind) return document.createTextNode(text);
    const span = document.createElement("span");
    span.className = `c-${kind}`;
    span.textContent = text;
    return span;
  }));
}

function copyCode(button) {
  const lines = [...button.closest(".code").querySelectorAll("li, pre")].map((line) => line.textContent);
  copyText(`${lines.join("\n")}\n`, button);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copyCode(button);
});
