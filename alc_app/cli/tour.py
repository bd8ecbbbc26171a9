"""`alc-app tour`: the tutorial in the terminal. It does what a person would at the running demo, over HTTP, and says
what was seen of each step."""

from __future__ import annotations

import json
import time
from typing import Any

import click
import requests
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from alc_app.config.settings import Config
from alc_app.pages.tutorial.steps import CHAPTERS, STEPS, Step, UserAction
from alc_app.web.browser_session import AccountUnknown, BrowserSession, allow_access

WITHIN = 90.0
"""Seconds in which what is under way must have been seen: ALC takes its time over a lead."""
LOOK_EVERY = 0.2
COMPLETE = ("done", "before")
ASKS: dict[UserAction, str] = {
    "connect": "press Connect",
    "log_in": "sign in at ALC and press Allow",
    "view": "open a person",
    "click": "press Send to ALC",
    "disconnect": "disconnect Acme Lead Checker",
}
NOT_RUNNING = (
    "Nothing answers at {url}. Start the demo in another terminal, and then come back:\n\n  scripts/demo\n\n"
    "If it runs with another home or elsewhere, say so: --home, --url."
)
NO_LOG = "The app keeps no log of exchanges, so nothing could be seen. Start it with ALC_APP_EXCHANGES=on."
GO_ON = "Run alc-app tour again: it goes on from here."


class Stuck(Exception):
    """A step did not happen; the message says what was seen instead."""


class Walkthrough:
    """The tutorial's actions over HTTP, and the state of the tour from the app's pages."""

    def __init__(self, config: Config) -> None:
        self._config, self._browser = config, BrowserSession()
        self._consent: Any = None

    def state(self, slug: str = "") -> dict[str, Any]:
        """Return the state of the tour with the panel of a step. Raises: click.ClickException if there is none."""
        try:
            reply = self._browser.session.get(self._url(f"/tutorial/state.json?step={slug}"))
            found: dict[str, Any] = reply.json()
        except (requests.RequestException, ValueError):
            raise click.ClickException(NOT_RUNNING.format(url=self._config.base_url)) from None
        if not found.get("notes_exchanges"):
            raise click.ClickException(NO_LOG)
        return found

    def perform(self, action: UserAction, step: Step) -> None:
        """Do what a person does at this step. Raises: Stuck."""
        actions = {
            "connect": self._connect,
            "log_in": self._log_in,
            "view": self._view,
            "click": self._click,
            "disconnect": self._disconnect,
        }
        if action in actions:
            actions[action](step)

    def start_over(self) -> None:
        """Disconnect what is connected, and forget what has been seen."""
        if self.state()["connection"] != "none":
            self._disconnect(STEPS[-1])
        self._post("/tutorial/reset")

    def _connect(self, _step: Step) -> None:
        self._consent = self._browser.open(self._url("/connections/alc/connect"))

    def _log_in(self, step: Step) -> None:
        if self._consent is None:
            self._connect(step)
        try:
            allow_access(self._browser, self._consent, self._config.alc_url)
        except AccountUnknown:
            raise Stuck("ALC's sign-in page names no account. Connect in the browser instead.") from None
        self._consent = None

    def _view(self, step: Step) -> None:
        self._browser.open(self._url(f"/people/{self._person(step)}"))

    def _click(self, step: Step) -> None:
        reply = self._post(f"/people/{self._person(step)}/actions/send-to-alc")
        for effect in map(json.loads, reply.text.splitlines()):
            if effect["effect"] in ("alert", "connect"):
                raise Stuck(f"{effect['title']}. {effect.get('text') or ''}")

    def _disconnect(self, _step: Step) -> None:
        self._post("/connections/alc/disconnect")

    def _person(self, step: Step) -> str:
        person = self.state(step.slug)["panel"]["person"]
        if person is None:
            raise Stuck("There is nobody here whom the tour may send. Do this step in the browser.")
        return str(person["record_id"])

    def _post(self, path: str) -> requests.Response:
        token = self._browser.open(self._url("/tutorial")).meta("csrf-token")
        reply = self._browser.session.post(self._url(path), headers={"X-CSRFToken": token, "Referer": self._url("/")})
        if reply.status_code >= 400:
            raise Stuck(f"{path} answered {reply.status_code}.")
        return reply

    def _url(self, path: str) -> str:
        return f"{self._config.base_url}{path}"


class Guided:
    """The walk itself: tells each step, has it done, waits until it has been seen."""

    def __init__(self, walkthrough: Walkthrough, console: Console, *, auto: bool) -> None:
        self._walkthrough, self._console, self._auto = walkthrough, console, auto
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task: TaskID = self._progress.add_task("The tutorial", total=len(STEPS))
        self._done: set[str] = set()

    def walk(self) -> None:
        """Every step, in the tutorial's order. Raises: Stuck."""
        chapter = ""
        with self._progress:
            for step in STEPS:
                if step.chapter != chapter:
                    chapter = step.chapter
                    self._console.rule(f"[bold]{chapter}", align="left")
                    self._say(CHAPTERS[chapter] + "\n", "dim", indent=0)
                self._walk(step)
        self._say("Every step of the tutorial has happened, and nothing is left behind at ALC.", "bold green", indent=0)

    def _walk(self, step: Step) -> None:
        panel = self._walkthrough.state(step.slug)["panel"]
        self._say(f"{step.id.partition(' ')[2]}. {step.text}", "bold", indent=0)
        self._say(step.what)
        self._say(_places(panel), "cyan")
        if panel["state"] not in COMPLETE:
            self._perform(panel["deed"], step)
        self._say(f"✓ {self._wait(step)['saw']}", "green")
        self._say(f"Safe: {step.safe}\n", "dim")
        self._progress.update(self._task, advance=1)

    def _perform(self, action: UserAction, step: Step) -> None:
        """Do what a person does here, once; what the machines do follows from it."""
        if action == "connect" != step.action:  # disconnected midway
            self._ask("connect Acme Lead Checker again")
            self._walkthrough.perform("log_in", step)
            action = step.action
        if action in self._done or action not in ASKS:
            return
        self._done.add(action)
        self._ask(ASKS[action])
        if self._stands(step)["state"] != "done":  # nobody did it in the browser meanwhile
            self._walkthrough.perform(action, step)

    def _ask(self, what: str) -> None:
        if not self._auto:
            self._progress.stop()
            self._console.input(f"    [bold blue]Press Enter to {what}[/], or do it in the browser first. ")
            self._progress.start()

    def _wait(self, step: Step) -> dict[str, Any]:
        self._progress.update(self._task, description=step.id)
        deadline = time.monotonic() + WITHIN
        while (stands := self._stands(step))["state"] not in COMPLETE:
            if stands["state"] == "failed":
                raise Stuck(stands["saw"])
            if time.monotonic() > deadline:
                raise Stuck(f"This has not been seen within {WITHIN:g} seconds. {stands['saw']}".strip())
            time.sleep(LOOK_EVERY)  # what is waited for happens in the servers
        return stands

    def _stands(self, step: Step) -> dict[str, Any]:
        steps = self._walkthrough.state(step.slug)["steps"]
        return next(one for one in steps if one["slug"] == step.slug)

    def _say(self, text: str, style: str = "", indent: int = 4) -> None:
        self._console.print(Padding(Text(text, style), (0, 0, 0, indent)))


def _places(panel: dict[str, Any]) -> str:
    """The files that a step lives in: ours, and the tutorial's."""
    found = [panel[which] for which in ("ours", "typescript") if panel[which]]
    return " ↔ ".join(f"{one['file']}:{one['first']}-{one['last']}" for one in found)


def run(config: Config, *, auto: bool, start_over: bool) -> int:
    """Walk the tour; returns the exit code."""
    walkthrough, console = Walkthrough(config), Console()
    walkthrough.state()
    try:
        if start_over:
            walkthrough.start_over()
        Guided(walkthrough, console, auto=auto).walk()
    except Stuck as error:
        console.print(Text(f"    ✗ {error}\n", "red"), Text(GO_ON))
        return 1
    except (EOFError, KeyboardInterrupt):
        console.print(Text(f"\n{GO_ON}"))
        return 1
    except requests.RequestException as error:
        console.print(Text(f"    ✗ The app did not answer: {error}\n", "red"), Text(GO_ON))
        return 1
    return 0
