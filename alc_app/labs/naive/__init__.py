"""NAIVE, broken on purpose: the tutorial's TypeScript, translated line by line, for "Break it" to break.

Do not copy from this folder. Each file names the app's own file, whose `TUTORIAL:` comments say what had to change and
why. The naive code runs against the stand-in and the mock only, on records that a lab has created, and not in
production.
"""
