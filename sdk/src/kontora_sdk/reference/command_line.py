"""The page of the command line, from the commands themselves."""

from __future__ import annotations

import inspect

import click

from kontora_sdk.reference.markdown import code, table


def command_line_page(command: click.Command) -> str:
    """Every command with its arguments and options, as `--help` says them."""
    context = click.Context(command, info_name="kontora")
    parts = ["# Command line\n", f"{_about(command)}\n"]
    parts += _commands(command, context)
    return "\n".join(parts)


def _commands(command: click.Command, context: click.Context) -> list[str]:
    if not isinstance(command, click.Group):
        return [_command(command, context)]
    parts = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner is not None and not inner.hidden:
            parts += _commands(inner, click.Context(inner, info_name=name, parent=context))
    return parts


def _command(command: click.Command, context: click.Context) -> str:
    options = [
        (code(", ".join(each.opts + each.secondary_opts)), each.help or "")
        for each in command.get_params(context)
        if isinstance(each, click.Option) and not each.hidden and "--help" not in each.opts
    ]
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    return f"## `{context.command_path}`\n\n```\n{usage}\n```\n\n{_about(command)}\n\n" + table(
        ("option", ""), options
    )


def _about(command: click.Command) -> str:
    return inspect.cleandoc((command.help or "").replace("\b", ""))
