import { participantsOf } from "./sequence.js";

const ARROW = { call: "->>", answer: "-->>" };

/** A run as Mermaid's sequenceDiagram, as the tutorial writes its own. */
export function toMermaid(messages, all) {
  const names = participantsOf(messages, all);
  const participants = names.map((name) => `    ${name === "User" ? "actor" : "participant"} ${name}`);
  const told = messages.flatMap((message) => {
    const line = `    ${message.sender}${ARROW[message.kind] ?? "->>"}${message.receiver}: ${plain(message.words)}`;
    return message.step === "Later 10" ? [`    Note over ${names[0]},${names.at(-1)}: Some time later...`, line] : [line];
  });
  return ["sequenceDiagram", ...participants, "", ...told, ""].join("\n");
}

/** Mermaid ends a message at a semicolon and reads # as the begin of an entity. */
const plain = (words) => words.replace(/[#;]/g, (sign) => `#${sign.codePointAt(0)};`);
