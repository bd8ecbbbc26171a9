"""`python -m alc_app` is `alc-app`."""

from alc_app.cli.commands import main

main()
