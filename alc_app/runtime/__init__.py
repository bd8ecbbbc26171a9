"""The runtime: what Attio's servers do for a TypeScript app, and a Python app must do for itself.

It is handed the manifest and never imports app files. Two processes share it: the web process, which stores and asks
for work, and the worker, which does everything that the tutorial runs on Attio's servers.
"""
