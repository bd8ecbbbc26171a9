import { participantsOf } from "./sequence.js";

const ARROW = { call: "->>", answer: "-->>" };

/** Write a run as a sequenceDiagram of Mermaid, in the style of the tutorial. */
export function toMermaid(messages, all) {
  const names = participantsOf(messages, all);
  const participants = names.map((name) => `    ${name === "User" ? "actor" : "participant"} ${name}`);
  const lines = messages.flatMap((message) => {
    if (message.kind === "note") return [`    Note over ${names[0]},${names.at(-1)}: ${plain(message.words)}`];
    const line = `    ${message.sender}${ARROW[message.kind] ?? "->>"}${message.receiver}: ${plain(message.words)}`;
    return message.step === "Later 10" ? [`    Note over ${names[0]},${names.at(-1)}: Some time later...`, line] : [line];
  });
  return ["sequenceDiagram", ...participants, "", ...lines, ""].join("\n");
}

/** Escape ; and #: Mermaid ends a message at a semicolon and reads # as the beginning of an entity. */
const plain = (words) => words.replace(/[#;]/g, (sign) => `#${sign.codePointAt(0)};`);
