"""What the architecture tests look at: the tracked files and the imports in them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "src" / "kontora"
_SKIPPED = {".git", ".venv", "node_modules", "__pycache__", "var", "_build", "build", "dist"}


@cache
def files() -> tuple[Path, ...]:
    """All files of the repository: what git tracks or would add; in an unpacked archive, all."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split("\0")
        found = (ROOT / name for name in listed if name)
    except (OSError, subprocess.CalledProcessError):
        found = (
            path for path in ROOT.rglob("*") if not _SKIPPED & set(path.relative_to(ROOT).parts)
        )
    return tuple(sorted(path for path in found if path.is_file()))


def name(path: Path) -> str:
    """The path from the root of the repository, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def members() -> tuple[Path, ...]:
    """The folders that hold a distribution with a package; the meta distribution is none."""
    return tuple(
        sorted(
            path.parent for path in files() if path.name == "pyproject.toml" and path.parent != ROOT
        )
    )


def python_files(*, tests: bool = False) -> Iterator[Path]:
    """Our own Python files; those below a `tests` folder only when asked for."""
    for path in files():
        parts = path.relative_to(ROOT).parts
        if path.suffix == ".py" and "vendor" not in parts and (tests or "tests" not in parts):
            yield path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported name: `module` is absolute, `line` is where it stands."""

    module: str
    names: tuple[str, ...]
    line: int
    typing_only: bool


def imports(module: ast.Module, package: str = "") -> Iterator[Import]:
    """All imports of a module, those inside functions too; relative ones are resolved by `package`.

    `from kontora import text` is told as `kontora.text`: it may be a module.
    """
    typing_only = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in node.body
        for inner in ast.walk(child)
    }
    for node in ast.walk(module):
        quiet = id(node) in typing_only
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module=alias.name, names=(), line=node.lineno, typing_only=quiet)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                parts = parts[: len(parts) - node.level + 1]
                base = ".".join([*parts, base] if base else parts)
            names = tuple(alias.name for alias in node.names)
            yield Import(module=base, names=names, line=node.lineno, typing_only=quiet)


def package_of(path: Path) -> str:
    """The dotted package that relative imports in `path` start from."""
    parts = path.relative_to(ROOT).parts
    return ".".join(parts[parts.index("src") + 1 : -1])
