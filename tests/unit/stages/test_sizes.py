"""The gate on length counts as it says."""

from __future__ import annotations

from pathlib import Path

from tests.stages.sizes import oversized


def function(lines: int) -> str:
    body = "\n".join("    x = 1" for _line in range(lines - 1))
    return f"def long():\n{body}\n"


def test_function_at_the_limit_passes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(function(40), encoding="utf-8")
    assert oversized(["a.py"], tmp_path) == []


def test_function_over_the_limit_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(function(41), encoding="utf-8")
    assert oversized(["a.py"], tmp_path) == ["a.py:1: long has 41 lines, at most 40 expected: split it"]


def test_docstring_does_not_count(tmp_path: Path) -> None:
    text = function(40).replace("def long():\n", 'def long():\n    """Say.\n\n    More.\n    """\n')
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    assert oversized(["a.py"], tmp_path) == []


def test_file_over_the_limit_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1\n" * 401, encoding="utf-8")
    (tmp_path / "b.yml").write_text("a: 1\n" * 400, encoding="utf-8")
    found = oversized(["a.yml", "b.yml"], tmp_path)
    assert found == ["a.yml:1: 401 lines, at most 400 expected: split it by what it is about"]
