"""NAIVE, and broken on purpose: the tutorial's TypeScript, carried over line by line, for "Break it" to break.

Do not copy from this folder. Each file names its twin in the app, which says at `TUTORIAL:` what had to change and why.
It runs against the stand-in and the mock only, on records that a lab has made, and is refused in production.
"""
