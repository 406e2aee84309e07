"""Which clips' arrays each shard holds.

Reading that from shards on object storage takes several requests each. As a
shard never changes, it is read once, and remembered in the workspace.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from songfeat.errors import ShardError
from songfeat.files import whole_file
from store.shard_places import ShardPlace

_AT_ONCE = 16


def keys_by_shard(place: ShardPlace, remembered: Path) -> dict[str, list[str]]:
    """The keys of every shard that is there, by its name.

    Parameters
    ----------
    place : ShardPlace
    remembered : Path
        A file to remember the keys of shared shards in.

    Raises
    ------
    ShardError
        If a shard cannot be read.
    """
    names = place.names()
    if not place.shared:
        return {name: _keys(place, name) for name in names}
    known = _load(remembered)
    if new := [name for name in names if name not in known]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            known |= zip(new, pool.map(lambda name: _keys(place, name), new), strict=True)
        # Whoever writes last wins; what is lost that way is only read again.
        _save(remembered, known)
    return {name: known[name] for name in names}


def parquet_table(where: str, source: object, columns: list[str] | None = None) -> pa.Table:
    """A shard as a table; raises ShardError if it cannot be read as one."""
    try:
        return pq.read_table(source, columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise damaged(where, f"it cannot be read as Parquet ({str(error).splitlines()[0]})") from error


def damaged(where: str, why: str) -> ShardError:
    remedy = (
        "Remove it there and extract again: what is missing is computed anew."
        if "://" in where
        else "Extract again: what is damaged is set aside and redone."
    )
    return ShardError(f"The arrays in {where} are damaged: {why}. {remedy}")


def _keys(place: ShardPlace, name: str) -> list[str]:
    with place.open(name) as file:
        keys: list[str] = parquet_table(place.where(name), file, ["sha256"])["sha256"].to_pylist()
    return keys


def _load(remembered: Path) -> dict[str, list[str]]:
    if not remembered.exists():
        return {}
    table = pq.read_table(remembered)
    return dict(zip(table["shard"].to_pylist(), table["sha256"].to_pylist(), strict=True))


def _save(remembered: Path, known: dict[str, list[str]]) -> None:
    table = pa.table({"shard": list(known), "sha256": pa.array(list(known.values()), pa.list_(pa.string()))})
    with whole_file(remembered) as temporary:
        pq.write_table(table, temporary, compression="zstd")
