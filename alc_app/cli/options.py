"""The flags that commands have in common: each is a setting of `config/settings.py`, with its description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from alc_app.cli.output import reason
from alc_app.config.secret_files import SecretFileError
from alc_app.config.settings import Config

Command = Callable[..., None]


def settings(*names: str, saved_addresses: bool = False) -> Callable[[Command], Command]:
    """Give a command a flag for each of these settings, and call it with the `Config` as its first argument.

    With `saved_addresses`, the command takes addresses that are not given from the app that runs in the same home.
    """

    def decorate(command: Command) -> Command:
        def with_config(**given: Any) -> None:
            flags = {name: given.pop(name) for name in names}
            try:
                command(_config(flags, saved_addresses), **given)
            except OSError as error:
                if error.filename is None and not isinstance(error, SecretFileError):
                    raise
                raise click.ClickException(reason(error)) from None

        with_config.__name__, with_config.__doc__ = command.__name__, command.__doc__
        with_config.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click's own mark
        for name in reversed(names):
            field = Config.model_fields[name]
            flag = "--" + name.replace("_", "-")
            with_config = click.option(
                flag, default=None, is_flag=field.annotation is bool, help=f"{field.description} [{field.alias}]"
            )(with_config)
        return with_config

    return decorate


def _config(flags: dict[str, Any], saved_addresses: bool) -> Config:
    from pydantic import ValidationError

    try:
        return Config.from_env(saved_addresses=saved_addresses, **flags)
    except ValidationError as error:
        lines = [_sentence(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise click.ClickException("Some settings are not valid.\n  " + "\n  ".join(lines)) from None


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    """Return what is wrong with a setting. Our own messages name it themselves."""
    own = message.removeprefix("Value error, ")
    return own if own != message else f"{'.'.join(map(str, place))}: {message}"
