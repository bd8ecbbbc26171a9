"""No secret is in the tree, nor was one ever: whoever clones the repository gets its history too."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECRETS = "|".join(
    (
        r"whsec_[A-Za-z0-9+/]{24,}={0,2}",  # signs webhooks
        r"[Bb]earer [A-Za-z0-9_~+/-]{24,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}",  # a JWT
        r"(ghp|gho|ghs|github_pat|glpat|xox[abpr]|sk_live|rk_live|AKIA|AIza)[-_]?[A-Za-z0-9]{16,}",
    )
)
PUBLIC = {
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # of the published examples of Standard Webhooks
    "whsec_Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2VkISE=",  # "forged-forged-forged-forged!!", with which tests forge
}


def found(*command: str) -> set[str]:
    """What git finds that looks like a secret."""
    git = ("git", "-c", "safe.directory=*")  # the clone may belong to another user, as in a container
    done = subprocess.run([*git, *command], cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - git, with words of ours
    return {match[0] for match in re.finditer(SECRETS, done.stdout.decode("utf-8", "replace"))}


is_a_clone = pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None, reason="This is no clone, or git is not installed."
)


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_" + "Q" * 32,
        "Authorization: Bearer " + "a1" * 16,
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "eyJhbGciOiJSUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0",
        "ghp_" + "a1B2" * 9,
        "AKIA" + "A1B2" * 4,
    ],
)
def test_a_secret_would_be_found(secret: str) -> None:
    """D5: each kind that this project, its clouds and its forge know."""
    assert re.search(SECRETS, f'value = "{secret}"')


@is_a_clone
def test_no_secret_is_tracked() -> None:
    """D5: the published example is let through, and the one that forges."""
    assert found("grep", "-hIE", SECRETS, "--", ".") == PUBLIC


@is_a_clone
def test_no_secret_ever_was() -> None:
    """D5: in no line that a commit has added; a shallow clone has the lines of its one commit."""
    assert found("log", "--format=", "--unified=0", "-p", "-G", SECRETS) == PUBLIC
