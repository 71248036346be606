"""The hooks of Kontora: what a plugin may add, and the markers to say so.

A plugin writes plain functions in its modules and marks them:

    from kontora.hookspecs import hookimpl

    @hookimpl
    def register_menu():
        return [MenuItem(id="hello", label=_("Greetings"), url="/hello/greetings")]

An implementation takes any subset of the arguments of its hook, by name and without defaults.
The specifications stand in `platform`, `records`, `web`, `permissions` and `work`.
"""

from kontora.hookspecs.markers import HookMeta, hook, hookimpl, meta

__all__ = ["HookMeta", "hook", "hookimpl", "meta"]
