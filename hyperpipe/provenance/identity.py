"""The code that a stage depends on: its file and whatever of this package that imports, wherever the import stands.

Snakemake tracks rules, not the package that they call. So each rule has the identity of its stage's code among its
params: comments, docstrings and the form of the code leave it as it is, any other change alters it. C++ and CUDA count
with the package in whose folder it lies.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from hyperpipe.errors import HyperpipeError

PACKAGE = __name__.split(".")[0]
ROOT = Path(__file__).resolve().parents[2]
_DOCUMENTED = ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef
_COMPILED = {".cpp", ".h", ".cu", ".cuh"}
_SILENT = {"ctx", "kind", "type_comment", "type_ignores"}  # fields that say nothing of what the code does


def code_id(module: str, root: Path = ROOT) -> str:
    """One short name for the code of `module` and of all it imports of the package; see code_modules."""
    text = json.dumps(code_modules(module, root), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_modules(module: str, root: Path = ROOT) -> dict[str, str]:
    """From the name of each module of the package that `module` imports, itself included, to the SHA-256 of its code.

    root: the folder that the package lies in. The packages around a module count, since Python runs them as well.
    Raises HyperpipeError where a module is not there or imports what no one can know before it runs.
    """
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name], imported = _read(name, root)
            waiting += imported
            if "." in name:
                waiting.append(name.rpartition(".")[0])
    return dict(sorted(found.items()))


@cache
def _read(module: str, root: Path) -> tuple[str, tuple[str, ...]]:
    """The hash of a module's code and the modules of the package that it imports."""
    path = _path(module, root)
    if path is None:
        raise HyperpipeError(f"{module}: there is no such module under {root}")
    tree = ast.parse(path.read_bytes(), str(path))
    imported: list[str] = []
    for node in ast.walk(tree):
        place = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise HyperpipeError(f"{place}: a relative import; name the module in full")
            imported.append(node.module or "")
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            imported += [name for name in inner if _ours(name) and _path(name, root)]
        elif _dynamic(node):
            raise HyperpipeError(f"{place}: hides what code a result depends on; write an import statement")
    code = json.dumps([_canonical(tree), _compiled(path)], sort_keys=True)
    return hashlib.sha256(code.encode()).hexdigest(), tuple(sorted(filter(_ours, set(imported))))


def _compiled(path: Path) -> list[str]:
    """The C++ and CUDA that lies in a package's folder, without comments, blank lines and indentation."""
    if path.name != "__init__.py":
        return []
    sources = [source.read_text() for source in sorted(path.parent.iterdir()) if source.suffix in _COMPILED]
    bare = [re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.DOTALL) for source in sources]
    return ["\n".join(filter(None, map(str.strip, source.splitlines()))) for source in bare]


def _dynamic(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "import_module"
    return isinstance(node, ast.Name) and node.id in ("__import__", "import_module", "exec", "eval")


def _ours(module: str) -> bool:
    return module.split(".")[0] == PACKAGE


def _path(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _canonical(node: Any) -> Any:
    """A syntax tree as lists, without docstrings and places, alike in all Python versions (ast.dump is not)."""
    if isinstance(node, ast.AST):
        fields = {name: value for name, value in ast.iter_fields(node) if name not in _SILENT}
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            fields["body"] = fields["body"][1:]
        kept = {name: _canonical(value) for name, value in fields.items() if value is not None and value != []}
        return [type(node).__name__, kept]
    if isinstance(node, list):
        return [_canonical(item) for item in node]
    return node if isinstance(node, str | int) else [type(node).__name__, repr(node)]
