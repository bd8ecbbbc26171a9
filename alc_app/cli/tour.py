"""`alc-app tour`: walk through the tutorial in the terminal.

It does over HTTP what a user does in the browser at the running demo, and prints the facts by which the app has seen
each step happen.
"""

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

from alc_app.cli.output import harmless
from alc_app.config.settings import Config
from alc_app.pages.tutorial.steps import CHAPTERS, STEPS, Step, UserAction
from alc_app.web.browser_session import AccountUnknown, BrowserSession, allow_access

STEP_TIMEOUT = 90.0
"""Seconds for a step to happen. ALC needs several to decide on a lead."""
POLL_INTERVAL = 0.2
COMPLETE = ("done", "before")
"""States of a step that has happened, in this tour or before it."""
PROMPTS: dict[UserAction, str] = {
    "connect": "press Connect",
    "log_in": "sign in at ALC and press Allow",
    "view": "open a person",
    "click": "press Send to ALC",
    "disconnect": "disconnect Acme Lead Checker",
}
NOT_RUNNING = (
    "Can't reach the app at {url}. Start the demo in another terminal, then run this again:\n\n  scripts/demo\n\n"
    "If it runs with another home or address, use --home or --url."
)
SIGN_IN = "This app requires a sign-in. Take the tutorial in a browser: {url}/tutorial"
NO_LOG = "The app keeps no log of requests, so the tour cannot see them. Start it with ALC_APP_EXCHANGES=on."
CONTINUE = "Run alc-app tour again to continue from here."


class StepFailed(Exception):
    """A step did not happen. The message says what happened instead."""


class TourClient:
    """Perform the tutorial's actions over HTTP, and read the state of the tour from the app."""

    def __init__(self, config: Config) -> None:
        """Use the app and the ALC at the config's addresses."""
        self._config, self._browser = config, BrowserSession()
        self._consent: Any = None

    def state(self, slug: str = "") -> dict[str, Any]:
        """Return `/tutorial/state.json` with the panel of a step. Raises: click.ClickException, if there is none."""
        try:
            reply = self._browser.session.get(self._url(f"/tutorial/state.json?step={slug}"))
            found: dict[str, Any] = reply.json()
        except (requests.RequestException, ValueError):
            raise click.ClickException(NOT_RUNNING.format(url=self._config.base_url)) from None
        if reply.status_code == 401:
            raise click.ClickException(SIGN_IN.format(url=self._config.base_url))
        if not found.get("notes_exchanges"):
            raise click.ClickException(NO_LOG)
        return found

    def perform(self, action: UserAction, step: Step) -> None:
        """Do what the user does at this step; other actions happen by themselves. Raises: StepFailed."""
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
        """Disconnect if there is a connection, and reset the tour."""
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
            raise StepFailed("ALC's sign-in page shows no account. Connect in the browser instead.") from None
        self._consent = None

    def _view(self, step: Step) -> None:
        self._browser.open(self._url(f"/people/{self._person(step)}"))

    def _click(self, step: Step) -> None:
        reply = self._post(f"/people/{self._person(step)}/actions/send-to-alc")
        for effect in map(json.loads, reply.text.splitlines()):
            if effect["effect"] in ("alert", "connect"):
                raise StepFailed(f"{effect['title']}. {effect.get('text') or ''}")

    def _disconnect(self, _step: Step) -> None:
        self._post("/connections/alc/disconnect")

    def _person(self, step: Step) -> str:
        person = self.state(step.slug)["panel"]["person"]
        if person is None:
            raise StepFailed("The tour found no person to send. Do this step in the browser.")
        return str(person["record_id"])

    def _post(self, path: str) -> requests.Response:
        token = self._browser.open(self._url("/tutorial")).meta("csrf-token")
        reply = self._browser.session.post(self._url(path), headers={"X-CSRFToken": token, "Referer": self._url("/")})
        if reply.status_code >= 400:
            raise StepFailed(f"{path} answered {reply.status_code}.")
        return reply

    def _url(self, path: str) -> str:
        return f"{self._config.base_url}{path}"


class Tour:
    """Explain each step, perform it, and wait until it has happened."""

    def __init__(self, client: TourClient, console: Console, *, auto: bool) -> None:
        """Print to the console; with `auto`, do not ask before a step."""
        self._client, self._console, self._auto = client, console, auto
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task: TaskID = self._progress.add_task("The tutorial", total=len(STEPS))
        self._done: set[str] = set()

    def walk(self) -> None:
        """Go through every step in the tutorial's order. Raises: StepFailed."""
        chapter = ""
        with self._progress:
            for step in STEPS:
                if step.chapter != chapter:
                    chapter = step.chapter
                    self._console.rule(f"[bold]{chapter}", align="left")
                    self._print(CHAPTERS[chapter] + "\n", "dim", indent=0)
                self._walk(step)
        self._print(self._client.state()["milestone"], "bold green", indent=0)

    def _walk(self, step: Step) -> None:
        panel = self._client.state(step.slug)["panel"]
        self._print(f"{step.number}. {step.text}", "bold", indent=0)
        self._print(step.what)
        self._print(_format_places(panel), "cyan")
        if panel["state"] not in COMPLETE:
            self._perform(panel["deed"], step)
        self._print(f"✓ {self._wait(step)['saw']}", "green")
        self._print(f"Safe: {step.safe}\n", "dim")
        self._progress.update(self._task, advance=1)

    def _perform(self, action: UserAction, step: Step) -> None:
        """Ask and do what the user does at this step, once a tour; the servers then do the rest."""
        if action == "connect" != step.action:  # the user has disconnected in between
            self._ask("connect Acme Lead Checker again")
            self._client.perform("log_in", step)
            action = step.action
        if action in self._done or action not in PROMPTS:
            return
        self._done.add(action)
        self._ask(PROMPTS[action])
        if self._get_step(step)["state"] != "done":  # unless the user has done it in the browser
            self._client.perform(action, step)

    def _ask(self, what: str) -> None:
        if not self._auto:
            self._progress.stop()
            self._console.input(f"    [bold blue]Press Enter to {what}[/], or do it in the browser first. ")
            self._progress.start()

    def _wait(self, step: Step) -> dict[str, Any]:
        self._progress.update(self._task, description=step.id)
        deadline = time.monotonic() + STEP_TIMEOUT
        while (found := self._get_step(step))["state"] not in COMPLETE:
            if found["state"] == "failed":
                raise StepFailed(found["saw"])
            if time.monotonic() > deadline:
                raise StepFailed(f"This did not happen within {STEP_TIMEOUT:g} seconds. {found['saw']}".strip())
            time.sleep(POLL_INTERVAL)  # the servers do the work
        return found

    def _get_step(self, step: Step) -> dict[str, Any]:
        steps = self._client.state(step.slug)["steps"]
        return next(each for each in steps if each["slug"] == step.slug)

    def _print(self, text: str, style: str = "", indent: int = 4) -> None:
        self._console.print(Padding(Text(harmless(text), style), (0, 0, 0, indent)))


def _format_places(panel: dict[str, Any]) -> str:
    """Return the source lines of a step, of ours and of the tutorial's: "app.py:1-9 ↔ app.ts:7"."""
    found = [panel[which] for which in ("ours", "typescript") if panel[which]]
    return " ↔ ".join(_format_place(**one) for one in found)


def _format_place(file: str, first: int, last: int, **_: Any) -> str:
    return f"{file}:{first}" if first == last else f"{file}:{first}-{last}"


def run(config: Config, *, auto: bool, start_over: bool) -> int:
    """Run the tour and return the exit code. Raises: click.ClickException, if the app does not run."""
    client, console = TourClient(config), Console()
    client.state()
    try:
        if start_over:
            client.start_over()
        Tour(client, console, auto=auto).walk()
    except StepFailed as error:
        console.print(Text(f"    ✗ {harmless(str(error))}\n", "red"), Text(CONTINUE))
        return 1
    except (EOFError, KeyboardInterrupt):
        console.print(Text(f"\n{CONTINUE}"))
        return 1
    except requests.RequestException as error:
        console.print(Text(f"    ✗ The app did not answer: {error}\n", "red"), Text(CONTINUE))
        return 1
    return 0
