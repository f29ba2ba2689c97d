"""The rules of docs/architecture.md about who may import what, checked on the syntax tree.

A *unit* is what stands directly under `einthoven`: a module (`record`) or a package with all its modules
(`formats`). Imports inside functions and below `if TYPE_CHECKING` count like all others.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "files", "leads", "record", "steps", "task", "spec", "results", "registry", "stated"}),
    frozenset({"formats", "writers", "signal", "simulate", "metrics", "codes", "labels"}),
    frozenset({"tensors", "models", "onnx", "train", "infer", "evaluate", "examine", "beats", "capsule"}),
    frozenset({"store", "jobs"}),
    frozenset({"workflows"}),
    frozenset({"settings", "wiring", "worker", "workbench", "api", "cli", "__main__"}),
)
LAYER_OF: Mapping[str, int] = {unit: layer for layer, units in enumerate(LAYERS) for unit in units}

# Layers whose units may import each other, as long as they never form a circle; and single exceptions:
# labels are named in codes, and jobs are rows in the database that store opens.
OPEN_LAYERS = frozenset({0, 2, 5})
BESIDE = frozenset({("labels", "codes"), ("jobs", "store")})

# Packages of others that only these units may import.
ONLY_IN: Mapping[str, frozenset[str]] = {
    "torch": frozenset({"models", "onnx", "train"}),
    "onnxscript": frozenset({"onnx"}),
    "onnx2fx": frozenset({"onnx"}),
    "lightning_fabric": frozenset({"train"}),
    "onnxruntime": frozenset({"infer", "onnx", "beats"}),
    "fastapi": frozenset({"api"}),
    "starlette": frozenset({"api"}),
    "sse_starlette": frozenset({"api"}),
    "uvicorn": frozenset({"api"}),
    "sqlalchemy": frozenset({"store", "jobs"}),
    "alembic": frozenset({"store", "jobs"}),
    "sqlite3": frozenset({"store", "jobs"}),
    "typer": frozenset({"cli"}),
    "click": frozenset({"cli"}),
    "rich": frozenset({"cli"}),
    "pydantic_settings": frozenset({"settings"}),
}
# Packages that take long to import: only inside functions, except by torch's own units, imported on use.
HEAVY = frozenset(
    {
        "wfdb",
        "pydicom",
        "scipy",
        "sklearn",
        "pandas",
        "torch",
        "onnx",
        "onnxruntime",
        "onnxscript",
        "onnx2fx",
        "lightning_fabric",
        "h5py",
        "pyarrow",
    }
    | {"ecgdatakit", "edfio", "neurokit2", "rlign"}
)
IMPORTED_ON_USE = ONLY_IN["torch"]

RUNS_CODE = frozenset({"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"})
FORBIDDEN_CALLS = frozenset({"print", "eval", "exec", "__import__"})
UNSAFE_KEYWORDS: Mapping[str, bool] = {"allow_pickle": True, "weights_only": False}
READS_ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"})
NOT_A_NOUN = frozenset({"utils", "util", "helpers", "helper", "common", "misc"})


@dataclass(frozen=True, order=True)
class Violation:
    """One broken rule: where, and what to do."""

    module: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}: {self.problem}"


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name; `deferred` where it runs only when a function is called, or never."""

    module: str
    line: int
    deferred: bool


def unit_of(module: str) -> str:
    """`formats` of `einthoven.formats.csv`; the empty string of `einthoven` itself."""
    return module.split(".")[1] if "." in module else ""


def modules(package: Path) -> dict[str, str]:
    """Name and source of each module of the package in that folder."""
    found: dict[str, str] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path.read_text(encoding="utf-8")
    return found


def imports(module: str, source: str, *, package: bool = False) -> list[Import]:
    """Every import of a module, `importlib.import_module("literal")` too; `package` for an `__init__`."""
    return list(_imports(ast.parse(source), module if package else module.rpartition(".")[0], deferred=False))


def _imports(node: ast.AST, package: str, *, deferred: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, deferred) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(name, child.lineno, deferred) for name in _from_names(child, package))
        elif isinstance(child, ast.Call) and _called(child) in ("import_module", "__import__"):
            yield from (Import(name, child.lineno, deferred) for name in _literal_names(child))
        if isinstance(child, ast.If) and _called_name(child.test) == "TYPE_CHECKING":
            for statement in child.body:
                yield from _imports(ast.Module([statement], []), package, deferred=True)
            for statement in child.orelse:
                yield from _imports(ast.Module([statement], []), package, deferred=deferred)
        else:
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, package, deferred=deferred or is_function)


def _from_names(node: ast.ImportFrom, package: str) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        above = package.split(".")
        above = above[: len(above) - node.level + 1]
        base = ".".join([*above, *filter(None, [base])])
    if base == "einthoven":
        yield from (f"einthoven.{alias.name}" for alias in node.names)
    else:
        yield base


def _literal_names(call: ast.Call) -> Iterator[str]:
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield first.value


def _called(call: ast.Call) -> str:
    return _called_name(call.func)


def _called_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def check(sources: Mapping[str, str], *, packages: frozenset[str] = frozenset()) -> list[Violation]:
    """All broken rules in `{module name: source}`; `packages` names those that are an `__init__`."""
    found: list[Violation] = []
    edges: dict[str, dict[str, Violation]] = {}
    for module, source in sources.items():
        unit = unit_of(module)
        found += _placed(module, unit)
        if not unit:
            continue
        for imported in imports(module, source, package=module in packages):
            found += _import_rules(module, unit, imported)
            other = _einthoven_unit(imported.module)
            if other and other != unit:
                circle = Violation(module, imported.line, f"imports {imported.module}")
                edges.setdefault(unit, {}).setdefault(other, circle)
        found += _language_rules(module, unit, ast.parse(source))
    return sorted(found) + _circles(edges)


def _placed(module: str, unit: str) -> Iterator[Violation]:
    if unit and unit not in LAYER_OF:
        yield Violation(module, 1, f"{unit} belongs to no layer; give it one in docs/architecture.md and LAYERS")
    for part in set(module.split(".")) & NOT_A_NOUN:
        yield Violation(module, 1, f"nothing is called {part}: name it after what it holds")


def _einthoven_unit(module: str) -> str:
    return unit_of(module) if module.split(".")[0] == "einthoven" else ""


def _import_rules(module: str, unit: str, imported: Import) -> Iterator[Violation]:
    top = imported.module.split(".")[0]
    if top == "einthoven":
        problem = _layer_problem(unit, imported.module)
        if problem:
            yield Violation(module, imported.line, problem)
        return
    if unit not in ONLY_IN.get(top, {unit}):
        places = ", ".join(sorted(ONLY_IN[top]))
        yield Violation(module, imported.line, f"{top} may be imported only in {places}")
    if top in HEAVY and not imported.deferred and unit not in IMPORTED_ON_USE:
        yield Violation(module, imported.line, f"{top} takes long to import: import it in the function that uses it")
    if top in RUNS_CODE:
        yield Violation(module, imported.line, f"{top} runs code that it finds in data")


def _layer_problem(unit: str, imported: str) -> str | None:
    other = unit_of(imported)
    if other.startswith("__") and other != "__main__":  # __version__ and the like
        return None
    if other not in LAYER_OF:
        return f"imports {imported}, which is no module of any layer; name the module that defines it"
    if unit == other or unit not in LAYER_OF or (unit, other) in BESIDE:
        return None
    own, its = LAYER_OF[unit], LAYER_OF[other]
    if its > own:
        return f"{unit} (L{own}) imports {imported} from a higher layer (L{its})"
    if its == own and own not in OPEN_LAYERS:
        return f"{unit} imports {imported} beside it; units of L{own} do not know each other"
    return None


def _language_rules(module: str, unit: str, tree: ast.AST) -> Iterator[Violation]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
                yield Violation(module, node.lineno, f"{node.func.id}() is not used in the library")
            for keyword in node.keywords:
                unsafe = isinstance(keyword.value, ast.Constant) and keyword.arg in UNSAFE_KEYWORDS
                if unsafe and keyword.value.value is UNSAFE_KEYWORDS[keyword.arg]:  # type: ignore
                    yield Violation(module, node.lineno, f"{keyword.arg}={keyword.value.value} runs code from files")  # type: ignore
        if unit != "settings" and _reads_environment(node):
            yield Violation(module, node.lineno, "the environment is read only in settings.py")  # type: ignore


def _reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(alias.name in READS_ENVIRONMENT for alias in node.names)
    is_attribute = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return is_attribute and node.value.id == "os" and node.attr in READS_ENVIRONMENT  # type: ignore


def _circles(edges: Mapping[str, Mapping[str, Violation]]) -> list[Violation]:
    """One violation per circle of units: the import that closes it, with the way round."""
    found: list[Violation] = []
    done: set[str] = set()

    def visit(unit: str, way: tuple[str, ...]) -> None:
        if unit in way:
            circle = (*way[way.index(unit) :], unit)
            closing = edges[way[-1]][unit]
            found.append(Violation(closing.module, closing.line, f"circle of imports: {' -> '.join(circle)}"))
            return
        if unit in done:
            return
        for other in sorted(edges.get(unit, {})):
            visit(other, (*way, unit))
        done.add(unit)

    for unit in sorted(edges):
        visit(unit, ())
    return found
