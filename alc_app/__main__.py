"""`python -m alc_app`: the same as `alc-app`."""

from alc_app.cli.commands import main

main()
