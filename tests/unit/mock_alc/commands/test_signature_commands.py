"""`mock-alc sign`, `verify` and `explain`, run in a shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from standardwebhooks import Webhook

from mock_alc.commands.cli import main
from mock_alc.signing.dialects import DIALECTS, STANDARD_WEBHOOKS
from mock_alc.signing.signatures import signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"record_id": "1", "status": "Complete"}'


def run(*arguments: str, body: bytes | None = None) -> Result:
    """Run one command; the secret comes from its variable."""
    return CliRunner().invoke(main, arguments, input=body, env={"WEBHOOK_SECRET": SECRET, "COLUMNS": "200"})


@pytest.fixture
def lines() -> list[str]:
    """The headers of a delivery, as options."""
    signed = run("sign", "--data", BODY).stdout.splitlines()
    return [part for line in signed for part in ("-H", line)]


def test_what_is_signed_passes_an_independent_verifier() -> None:
    """`sign --json` feeds programs."""
    headers = json.loads(run("sign", "--data", BODY, "--json").stdout)
    assert Webhook(SECRET).verify(BODY, headers) == json.loads(BODY)


def test_a_body_comes_from_a_file_standard_input_or_the_command_line(tmp_path: Path) -> None:
    """All three are the same bytes."""
    file = tmp_path / "body.json"
    file.write_text(BODY)
    fixed = ("--id", "msg_1", "--timestamp", "1614265330")
    found = {
        run("sign", *fixed, "--data", BODY).stdout,
        run("sign", *fixed, "--body", str(file)).stdout,
        run("sign", *fixed, "--body", "-", body=BODY.encode()).stdout,
    }
    assert len(found) == 1
    assert run("sign").exit_code == run("sign", "--data", "a", "--body", str(file)).exit_code == 2


def test_sign_prints_a_curl_command_that_quotes_the_body() -> None:
    """The command can be pasted into a shell."""
    printed = run("sign", "--data", '{"name": "O\'Hara"}', "--curl", "http://127.0.0.1:5000/hook").stdout
    assert printed.startswith("curl -i -X POST http://127.0.0.1:5000/hook")
    assert "O'\"'\"'Hara" in printed


def test_verify_tells_by_its_exit_code(lines: list[str]) -> None:
    """0 or 1, with the reason on stderr."""
    assert run("verify", *lines, "--data", BODY).exit_code == 0
    refused = run("verify", *lines, "--data", BODY + "\n")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "newline" in refused.stderr


def test_explain_names_the_mistake_and_shows_both_signed_strings(lines: list[str]) -> None:
    """Both the expected and the actual signed string."""
    found = run("explain", *lines, "--data", BODY.replace(" ", ""))
    assert found.exit_code == 1
    for words in ("serialized again", "What should be signed", "What was signed", '{"record_id":"1"', BODY):
        assert words in found.stdout
    assert run("explain", *lines, "--data", BODY).exit_code == 0


def test_explain_speaks_json_too(lines: list[str]) -> None:
    """`--json` is for programs."""
    found = json.loads(run("explain", *lines, "--data", BODY + "\r\n", "--json").stdout)
    assert [problem["code"] for problem in found["problems"]] == ["trailing_newline"]


def test_a_secret_that_is_none_is_refused_with_a_sentence() -> None:
    """Not with a traceback."""
    found = run("sign", "--secret", "hunter2", "--data", BODY)
    assert found.exit_code == 2
    assert "whsec_" in found.output


@pytest.mark.parametrize("spelling", ["{bare}", "v1,whsec_{bare}", "v1,{bare}", " whsec_{bare} "])
def test_sign_verify_and_explain_read_a_secret_alike(spelling: str) -> None:
    """Without its prefix, with v1, before it, or with white space around it."""
    secret = spelling.format(bare=SECRET.removeprefix("whsec_"))
    signed = run("sign", "--secret", secret, "--data", BODY, "--json")
    assert Webhook(SECRET).verify(BODY, json.loads(signed.stdout)) == json.loads(BODY)
    lines = [part for name, value in json.loads(signed.stdout).items() for part in ("-H", f"{name}: {value}")]
    for command in ("verify", "explain"):
        assert run(command, "--secret", secret, *lines, "--data", BODY).exit_code == 0


LOCALES = [
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "cp1252"},
    {"LC_ALL": "C.UTF-8"},
]


THEN = "//"
COMMANDS = f"""
import sys
from mock_alc.commands.cli import main

codes, command = [], []
for word in sys.argv[1:]:
    if word != {THEN!r}:
        command.append(word)
        continue
    try:
        main(command)
    except SystemExit as end:
        codes.append(end.code)
    command = []
sys.exit("codes " + " ".join(map(str, codes)))
"""


def run_in(locale: dict[str, str], *commands: list[str | bytes]) -> tuple[list[int], bytes]:
    """Run commands in one process, whose locale decodes their arguments and encodes their output.

    Return their exit codes, and what they print.
    """
    environment = {**os.environ, **locale, "WEBHOOK_SECRET": SECRET}
    words = [word for command in commands for word in (*command, THEN)]
    done = subprocess.run([sys.executable, "-c", COMMANDS, *words], env=environment, capture_output=True, check=False)  # noqa: S603 (our own program)
    errors, _, codes = done.stderr.decode(errors="replace").rpartition("codes ")
    assert "Traceback" not in errors + codes, errors + codes
    return [int(code) for code in codes.split()], done.stdout


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("data", ["é ✗".encode(), b"\xe9"])
def test_a_body_is_the_bytes_that_were_given_in_any_locale(locale: dict[str, str], data: bytes) -> None:
    """Also where the locale's encoding lacks the characters of the body, or those that mark a problem."""
    given = json.loads(run_in(locale, ["sign", "--data", data, "--json"])[1])
    expected = signed_headers(STANDARD_WEBHOOKS, [SECRET], given["webhook-id"], int(given["webhook-timestamp"]), data)
    assert given == expected
    right = [*(part for name, value in given.items() for part in ("-H", f"{name}: {value}")), "--data", data]
    wrong = [*right[:-1], data + b"\n"]
    explained = [["explain", *body, *extra] for body in (right, wrong) for extra in ([], ["--json"])]
    assert run_in(locale, ["verify", *right], *explained)[0] == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("locale", LOCALES)
def test_headers_and_secrets_may_hold_any_bytes(locale: dict[str, str]) -> None:
    """They are wrong then, and the answer is a sentence."""
    given = ["-H", b"webhook-id: \xe9", "-H", "webhook-signature: v1,é".encode(), "--timestamp", b"\xe9", "--data", "a"]
    secrets = ("é".encode(), b"\xe9")
    explained = [["explain", "--secret", secret, "--other-secret", secret, *given] for secret in secrets]
    assert run_in(locale, *explained, ["sign", "--secret", b"\xe9", "--data", "a"])[0] == [1, 1, 2]


def test_a_curl_command_holds_the_body_in_any_locale() -> None:
    """A body with a question mark in place of a letter would not fit its signature."""
    for locale in LOCALES:
        _, printed = run_in(locale, ["sign", "--data", "é ✗".encode(), "--curl", "http://127.0.0.1:5000/hook"])
        assert "é ✗".encode() in printed


def test_a_line_that_is_no_header_is_refused_with_a_sentence() -> None:
    """The usual mistake is an equals sign."""
    assert "Name: value" in run("verify", "-H", "webhook-id=msg_1", "--data", BODY).output


@pytest.mark.parametrize("charset", ["cp1252", "ascii"])
def test_an_encoding_without_the_signs_gets_question_marks(charset: str, lines: list[str]) -> None:
    """A pipe on Windows, or LC_ALL=C: the text and the exit code are the same."""
    arguments = ["explain", *lines, "--data", "{}"]
    environment = {"WEBHOOK_SECRET": SECRET, "COLUMNS": "200"}
    [plain, other] = [CliRunner(charset=each).invoke(main, arguments, env=environment) for each in ("utf-8", charset)]
    helped = CliRunner(charset=charset).invoke(main, ["explain", "--help"])

    assert "✗" in plain.stdout
    assert (other.exit_code, other.stdout) == (plain.exit_code, plain.stdout.encode(charset, "replace").decode(charset))
    assert helped.exit_code == 0


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_signed_verified_and_explained_by_the_same_commands(dialect: str) -> None:
    """The help names the dialects, and what is signed verifies."""
    assert dialect in " ".join(run("sign", "--help").output.split())
    signed = json.loads(run("sign", "--dialect", dialect, "--data", BODY, "--json").stdout)
    lines = [part for name, value in signed.items() for part in ("-H", f"{name}: {value}")]
    assert run("verify", "--dialect", dialect, *lines, "--data", BODY).exit_code == 0
    explained = run("explain", "--dialect", dialect, *lines, "--data", BODY + "\n")
    assert (explained.exit_code, "[trailing_newline]" in explained.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dialect", "hubspot"], "'standard-webhooks', 'attio', 'github', 'stripe', 'slack'"),
        (["--dialect", "attio", "--timestamp", "1"], "Attio sends no header for the timestamp"),
        (["--dialect", "slack", "--id", "1"], "Slack sends no header for the id"),
    ],
)
def test_what_a_dialect_does_not_have_is_refused_with_a_sentence(arguments: list[str], words: str) -> None:
    """Also a dialect that is none."""
    ran = run("sign", *arguments, "--data", BODY)
    assert (ran.exit_code, words in " ".join(ran.output.split())) == (2, True), ran.output
