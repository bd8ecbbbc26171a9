"""A short silent film of a page, from screenshots: an animated GIF with a pointer where it is clicked."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page

if TYPE_CHECKING:
    from PIL import Image

SIZE = (960, 600)
COLOURS = 160
POINTER = [(0, 0), (0, 21), (5, 16), (9, 25), (13, 23), (9, 15), (16, 15)]


class Film:
    """Frames and how long each is shown. Without a path nothing is filmed, so that a test can play the same scene."""

    def __init__(self, path: Path | None) -> None:
        """Film into this file."""
        self._path = path
        self._frames: list[tuple[Image.Image, int]] = []

    def take(self, page: Page, milliseconds: int, pointer: tuple[float, float] | None = None) -> None:
        """Add a screenshot. One that shows what the last one shows makes that one longer."""
        if self._path is None:
            return
        from PIL import Image, ImageDraw  # late: only who makes the film needs it

        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        if pointer:
            outline = [(pointer[0] + x, pointer[1] + y) for x, y in POINTER]
            ImageDraw.Draw(shot).polygon(outline, fill="black", outline="white", width=2)
        frame = shot.resize(SIZE, Image.Resampling.LANCZOS)
        if self._frames and self._frames[-1][0].tobytes() == frame.tobytes():
            milliseconds += self._frames.pop()[1]
        self._frames.append((frame, milliseconds))

    def click(self, page: Page, target: Locator, milliseconds: int = 900) -> None:
        """Show the pointer on the target, then click it."""
        target.scroll_into_view_if_needed()
        if box := target.bounding_box():
            self.take(page, milliseconds, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
        target.click()

    def roll_until(self, page: Page, sign: Locator, milliseconds: int = 500) -> None:
        """Take a screenshot after the other until the sign is there."""
        while self._path and not sign.is_visible():
            self.take(page, milliseconds)
        sign.wait_for()

    def save(self) -> None:
        """Write the file. All frames share a palette, so that only what moves is stored again."""
        if self._path is None:
            return
        from PIL import Image

        frames, durations = zip(*self._frames, strict=True)
        sheet = Image.new("RGB", (SIZE[0], SIZE[1] * len(frames)))
        for number, frame in enumerate(frames):
            sheet.paste(frame, (0, SIZE[1] * number))
        palette = sheet.quantize(COLOURS, dither=Image.Dither.NONE)
        first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        first.save(self._path, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)
