"""Reads a checkpoint in a process of its own: `python -m einthoven.train.checkpoint_process FILE OUT`.

A checkpoint is a pickle, and a pickle can run code. Here it is first looked through for anything but tensors and plain
values, without being run, then loaded by torch's reader that can make nothing else (`weights_only`), under limits on
memory, time and what may be written. Its tensors go to OUT as safetensors, what was found to standard output as JSON.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

MEMORY_BYTES, SECONDS = 12 * 2**30, 120
HOLDERS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "ema")
"""Under which training programs keep the weights beside the rest (Lightning: `state_dict`)."""
MOST_NAMED = 5


RUNS_CODE = "it wants to run code or make objects of its own when it is opened"


class _Refused(Exception):
    """Why the file is not used, in words."""


def main() -> None:
    path, out = map(Path, sys.argv[1:])
    try:
        _limit(out_bytes=2 * path.stat().st_size + 2**20)
        said = _convert(path, out)
    except _Refused as reason:
        said = {"refused": str(reason)}
    except MemoryError:
        said = {"refused": "it needs more memory than is allowed"}
    except Exception as error:  # noqa: BLE001  a broken pickle raises anything; this process exists to say so
        said = {"refused": _in_words(error)}
    sys.stdout.write(json.dumps(said))


def _in_words(error: Exception) -> str:
    """Without torch's advice to load it all the same."""
    text = str(error)
    named = re.search(r"GLOBAL ([\w.]+)", text)
    if named is not None:
        return f"{RUNS_CODE} ({named.group(1)})"
    first = "" if "weights_only" in text else (text.splitlines() or [""])[0][:200]
    return f"torch cannot read it as weights alone ({type(error).__name__}{first and ': '}{first})"


def _limit(*, out_bytes: int) -> None:
    """No more memory, time and writing than a checkpoint needs; Windows has no such limits, only the parent's clock."""
    if sys.platform == "win32":
        return
    import resource

    for kind, wanted in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_FSIZE, out_bytes)
    ):  # fmt: skip
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _convert(path: Path, out: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    loaded: object
    if path.suffix.lower() == ".safetensors":
        try:
            loaded = load_file(path)
        except SafetensorError as error:
            raise _Refused(f"it is no intact safetensors file ({error})") from error
    else:
        _require_harmless(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    tensors, under, beside = _weights_in(loaded)
    plain: dict[str, Tensor] = {}
    cast = set()
    for name, given in tensors.items():
        value = given
        if value.layout != torch.strided or value.is_quantized or value.is_complex():
            raise _Refused(f"{name} is a tensor of a kind that cannot be used ({value.dtype}, {value.layout})")
        if value.is_floating_point() and value.dtype != torch.float32:
            cast.add(str(value.dtype).removeprefix("torch."))
            value = value.float()
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise _Refused(f"{name} holds values that are no numbers (NaN or infinite)")
        plain[name] = value.detach().clone().contiguous()
    save_file(plain, out)
    return {"under": under, "beside": beside[:50], "cast": sorted(cast)}


def _require_harmless(path: Path) -> None:
    """Look through the pickle without running it; _Refused names what it would call."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\3\4":
            return  # the form of before torch 1.6, which only the loading below looks through
    unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    if unsafe:
        named = ", ".join(sorted(unsafe)[:MOST_NAMED])
        raise _Refused(f"{RUNS_CODE} ({named})")


def _weights_in(loaded: object) -> tuple[Mapping[str, Tensor], str, list[str]]:
    """The tensors by name, under which key they stood, and what stood beside them."""
    if not isinstance(loaded, Mapping):
        raise _Refused(f"it holds a {type(loaded).__name__}, not named weights")
    if _are_weights(loaded):
        return loaded, "", []
    for key in HOLDERS:
        inner = loaded.get(key)
        if isinstance(inner, Mapping):
            try:
                tensors, under, _ = _weights_in(inner)
            except _Refused:
                continue
            return tensors, f"{key}.{under}" if under else key, [str(one) for one in loaded if one != key]
    keys = ", ".join(str(key) for key in list(loaded)[:20])
    raise _Refused(f"no named weights were found in it; it holds {keys or 'nothing'}")


def _are_weights(value: Mapping[Any, Any]) -> bool:
    return bool(value) and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in value.items())


if __name__ == "__main__":
    main()
