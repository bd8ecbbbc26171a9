"""Sample chats between the SMS agent and a lead, a few for each outcome."""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

OUTCOMES = ("interested", "not_interested", "no_answer")
OUTCOME_BY_LAST_DIGIT = {"8": "not_interested", "9": "no_answer"}
GIVES_EMAIL_DIGIT = "7"
"""A lead whose phone number ends with this digit is interested and gives an email address in the chat."""
EMAIL_QUESTION = "One more thing: which address may I send the invitation to?"
EMAIL_REPLY = "Please use {email}, I read that every day."
SUMMARIES = {
    "interested": "{name} wants to know more and asked for a call.",
    "not_interested": "{name} answered and is not looking for anything at the moment.",
    "no_answer": "{name} did not answer any of our messages.",
}
CHATS: dict[str, Sequence[Sequence[str]]] = {
    "interested": (
        (
            "Hi {first}, this is Ava from Halden. You asked us about pricing. Is now a good moment?",
            "Hi! Yes, go ahead.",
            "Great. Are you choosing a tool for yourself or for a team?",
            "For my team, about twelve of us. We'd like to start this quarter.",
            "Perfect. Shall a colleague call you tomorrow with a plan for twelve?",
            "Tomorrow after 10 works. Thanks!",
        ),
        (
            "Hello {first}, Ava from Halden here. Are you still looking for a better way to check leads?",
            "We are, actually. What does it cost?",
            "It depends on the size of your team. May I send you a short proposal?",
            "Sure, please do. And let's talk next week.",
        ),
        (
            "Hi {first}, it's Ava at Halden. I saw that you signed up for our guide. Did it help?",
            "It did, thanks. I have a few questions though.",
            "Happy to help. Would a fifteen-minute call be all right?",
            "Yes. Wednesday would suit me.",
            "Wednesday it is. You'll get an invitation in a minute.",
        ),
    ),
    "not_interested": (
        (
            "Hi {first}, this is Ava from Halden. You asked us about pricing. Is now a good moment?",
            "Oh, that was a while ago.",
            "No problem. Is it still something that you are looking into?",
            "No, we went with something else. Thanks anyway.",
            "Thanks for telling me, {first}. I won't write again.",
        ),
        (
            "Hello {first}, Ava from Halden here. Are you still looking for a better way to check leads?",
            "Not at the moment, sorry.",
            "May I ask again next year?",
            "Please don't. All the best!",
        ),
    ),
    "no_answer": (
        (
            "Hi {first}, this is Ava from Halden. You asked us about pricing. Is now a good moment?",
            "Just checking that my message reached you, {first}.",
            "A short yes or no is fine too.",
            "I'll close this for now. Write to me any time.",
        ),
        (
            "Hello {first}, Ava from Halden here. Are you still looking for a better way to check leads?",
            "Hi {first}, did you see my message?",
            "Is there a better time to reach you?",
            "I won't bother you further. Take care!",
        ),
    ),
}


@dataclass(frozen=True)
class Line:
    """One text message, sent at `at`, which may be in the future."""

    sender: str
    text: str
    at: datetime


def expected_outcome(phone_number: str) -> str:
    """Return the outcome for a phone number, by its last digit: 8 declines, 9 never answers, others are interested."""
    return OUTCOME_BY_LAST_DIGIT.get(phone_number[-1], "interested")


def summary_of(outcome: str, name: str) -> str:
    """Return a sentence that sums up the chat."""
    return SUMMARIES[outcome].format(name=name)


def chat(outcome: str, *, name: str, phone_number: str, begins: datetime, ends: datetime) -> list[Line]:
    """Return the whole chat, spread evenly from `begins` to `ends`; a phone number always gets the same chat."""
    variants = CHATS[outcome]
    texts = [*variants[zlib.crc32(phone_number.encode()) % len(variants)]]
    if email := email_in_chat(outcome, name=name, phone_number=phone_number):
        if len(texts) % 2:  # The agent spoke last.
            texts.append("Sounds good.")
        texts += [EMAIL_QUESTION, EMAIL_REPLY.replace("{email}", email)]
    step = (ends - begins) / max(len(texts), 1)
    first_name = name.split(maxsplit=1)[0] if name.split() else name
    return [
        Line(_sender(outcome, number), text.replace("{first}", first_name), begins + step * number)
        for number, text in enumerate(texts)
    ]


def _sender(outcome: str, number: int) -> str:
    return "agent" if outcome == "no_answer" or number % 2 == 0 else "lead"


def email_in_chat(outcome: str, *, name: str, phone_number: str) -> str | None:
    """Return the email address that the lead gives in the chat, or None."""
    if outcome != "interested" or not phone_number.endswith(GIVES_EMAIL_DIGIT):
        return None
    return example_email(name)


def example_email(name: str) -> str:
    """Return a made-up email address for a person with this name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return f"{'.'.join(re.findall('[a-z0-9]+', plain)) or 'lead'}@example.com"


def lines_sent_by(lines: Sequence[Line], now: datetime) -> list[Line]:
    """Return the lines sent until `now`."""
    return [line for line in lines if line.at <= now]
