"""A command's result as text for a person."""

from typing import Any


def as_text(result: dict[str, Any]) -> str:
    """Lists of records as tables, everything else as one line a fact."""
    return "\n".join(_lines(result, "")) or "nothing"


def _lines(value: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for key, item in value.items():
        name = f"{indent}{key.replace('_', ' ')}"
        if isinstance(item, dict):
            lines += [f"{name}:", *_lines(item, indent + "  ")] if item else [f"{name}: none"]
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            flat = not any(isinstance(part, (dict, list)) for record in item for part in record.values())
            lines.append(f"{name}:")
            lines += _table(item, indent + "  ") if flat else _records(item, indent + "  ")
        elif isinstance(item, list):
            lines.append(f"{name}: {', '.join(map(str, item)) or 'none'}")
        else:
            lines.append(f"{name}: {_plain(item)}")
    return lines


def _records(records: list[dict[str, Any]], indent: str) -> list[str]:
    return [line for record in records for line in (*_lines(record, indent), "")][:-1]


def _table(records: list[dict[str, Any]], indent: str) -> list[str]:
    names = list(records[0])
    rows = [names, *([_plain(record.get(name)) for name in names] for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
    return [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    # A learning rate of 0.0002 is not 0.
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.001 else f"{value:.2g}"
