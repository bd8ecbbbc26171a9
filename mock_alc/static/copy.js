// Copies the text beside a button. The buttons appear only where the browser can copy; everything works without this.
const SAID_MS = 2000;

if (navigator.clipboard) {
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const { textContent } = button.parentElement.querySelector("code");
  button.textContent = await navigator.clipboard.writeText(textContent).then(() => "Copied", () => "Not copied");
  setTimeout(() => (button.textContent = "Copy"), SAID_MS);
}
