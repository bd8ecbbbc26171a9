"""Secrets in files: created once, never half written, readable by their owner only."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest

from alc_app.config.secret_files import SecretFileError, keep_secret


def make() -> str:
    """Return a new secret."""
    return uuid4().hex


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """O18: the second call reads what the first has written."""
    path = tmp_path / "home" / "key"

    assert keep_secret(path, make) == keep_secret(path, make)


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    """O18: the file and the folder that is made for it."""
    path = tmp_path / "home" / "key"
    keep_secret(path, make)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """O18: and the message says how to mend it."""
    path = tmp_path / "key"
    keep_secret(path, make)
    path.chmod(mode)

    with pytest.raises(SecretFileError, match=f"chmod 600 {path}"):
        keep_secret(path, make)


@pytest.mark.parametrize("content", [b"s3cret\n", b"\xef\xbb\xbfs3cret\r\n", b" s3cret "])
def test_what_an_editor_adds_is_not_part_of_it(tmp_path: Path, content: bytes) -> None:
    """A line break, or the byte order mark of Windows."""
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_bytes(content)

    assert keep_secret(path, make) == "s3cret"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", "schlüssel".encode()])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    """It is told, not taken for an empty key; and it is not overwritten, because it may be all that is left."""
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_bytes(content)

    with pytest.raises(SecretFileError, match="contains no secret"):
        keep_secret(path, make)
    assert path.read_bytes() == content


def test_of_eight_that_make_it_at_once_one_wins_and_all_get_its_secret(tmp_path: Path) -> None:
    """O18: threads of one process too; no draft is left behind, and nobody reads half a secret."""
    for round_ in range(15):
        path, start = tmp_path / f"{round_}" / "key", Barrier(8)

        def keep(_: int, path: Path = path, start: Barrier = start) -> str:
            start.wait()
            return keep_secret(path, make)

        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(keep, range(8)))

        assert found == {path.read_text()}
        assert list(path.parent.iterdir()) == [path]
