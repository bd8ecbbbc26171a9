"""Run a module of ours in a process that trusts a test's own certificates: python -m … BUNDLE MODULE ARGUMENTS."""

import runpy
import sys

import requests.adapters

if __name__ == "__main__":
    _, bundle, module, *arguments = sys.argv
    requests.adapters.DEFAULT_CA_BUNDLE_PATH = bundle  # our clients take nothing from the environment
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
