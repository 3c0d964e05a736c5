# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack's folder, read and rendered on the controller."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.plugin_utils import stack_source
from ansible_collections.slipway.compose.plugins.plugin_utils.stack_source import StackSource, read_stack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stack = tmp_path / "stack"
    stack.mkdir()
    (stack / "compose.yaml").write_text("services: {}\n")
    return stack


def read(folder: Path, env: Any = None) -> StackSource:  # noqa: ANN401 - what a user may write
    return read_stack(folder, "1.0", env or {}, lambda text, _path: text.replace("{{ colour }}", "blue"))


def findings(folder: Path, env: Any = None) -> list[str]:  # noqa: ANN401 - what a user may write
    with pytest.raises(SlipwayError) as caught:
        read(folder, env)
    return [finding.sentence() for finding in caught.value.findings]


def contents(source: StackSource) -> dict[str, bytes]:
    return {file.path: file.content for file in source.bundle.files}


def test_files_are_taken_and_templates_rendered(folder: Path) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "app.ini.j2").write_text("colour={{ colour }}\n")
    (folder / "conf" / "raw.bin").write_bytes(b"\xff{{ colour }}")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    source = read(folder)
    assert contents(source) == {
        "compose.yaml": b"services: {}\n",
        "conf/app.ini": b"colour=blue\n",
        "conf/raw.bin": b"\xff{{ colour }}",
        "run": b"#!/bin/sh\n",
    }
    assert [file.path for file in source.bundle.files if file.executable] == ["run"]
    assert set(source.file_hashes) == {"compose.yaml", "conf/app.ini.j2", "conf/raw.bin", "run"}


def test_what_is_ignored_is_left_out(folder: Path) -> None:
    for name in (".git/config", "data/big", "notes.md", "conf/notes.md", "keep.txt", "a.tmp"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    (folder / ".slipwayignore").write_text("# comment\ndata/\nnotes.md\n*.tmp\n")
    assert set(contents(read(folder))) == {"compose.yaml", "keep.txt"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["compose.yml", "docker-compose.yml"], ("compose.yaml",)),
        (["compose.override.yaml"], ("compose.yaml", "compose.override.yaml")),
        (["compose.override.yml"], ("compose.yaml", "compose.override.yml")),
        (["docker-compose.override.yaml"], ("compose.yaml",)),
    ],
)
def test_compose_files_are_found_in_composes_order(folder: Path, names: list[str], expected: tuple[str, ...]) -> None:
    for name in names:
        (folder / name).write_text("services: {}\n")
    assert read(folder).bundle.compose_files == expected


def test_the_environment_is_text_and_knows_the_version(folder: Path) -> None:
    env = {"A": 1, "B": True, "C": 1.5, "D": "x", "E": ""}
    assert dict(read(folder, env).bundle.env) == {
        "A": "1", "B": "true", "C": "1.5", "D": "x", "E": "", "STACK_VERSION": "1.0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (["A"], "stack_env: expected a mapping of names to values, seen list."),
        ({"A-B": "1"}, "stack_env.A-B: expected a name that a shell can export"),
        ({"1A": "1"}, "stack_env.1A: expected a name that a shell can export"),
        ({"A": None}, "stack_env.A: expected a string, number or boolean, seen NoneType."),
        ({"A": ["x"]}, "stack_env.A: expected a string, number or boolean, seen list."),
    ],
)
def test_an_environment_that_cannot_be_is_refused(folder: Path, env: object, sentence: str) -> None:
    assert any(found.startswith(sentence) for found in findings(folder, env))


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "IFS", "ENV", "DOCKER_HOST", "COMPOSE_FILE", "SLIPWAY_BY", "LD_PRELOAD"]
)
def test_a_variable_that_changes_how_commands_run_is_refused(folder: Path, name: str) -> None:
    (sentence,) = findings(folder, {name: "x"})
    assert sentence.startswith(f"stack_env.{name}: expected a name that is the stack's own")


@pytest.mark.parametrize("name", ["COMPOSE_PROFILES", "UID", "LANG", "DOCKER", "PATHS", "stack_dir"])
def test_a_variable_that_is_the_stacks_own_is_taken(folder: Path, name: str) -> None:
    assert read(folder, {name: "x"}).bundle.env[name] == "x"


@pytest.mark.parametrize("line", ["COMPOSE_FILE=a:b", "export COMPOSE_ENV_FILES = x", "COMPOSE_IGNORE_ORPHANS: 1"])
@pytest.mark.parametrize("name", [".env", ".env.j2"])
def test_a_setting_in_dotenv_that_would_be_ignored_is_refused_by_name(folder: Path, name: str, line: str) -> None:
    (folder / name).write_text(f"A=1\n{line}\n# COMPOSE_ANSI=x\n")
    (sentence,) = findings(folder)
    setting = line.replace("export ", "").split("=")[0].split(":")[0].strip()
    assert sentence.startswith(f"{setting} in .env: expected")
    assert f"Remove {setting} from .env." in sentence


def test_settings_in_dotenv_that_hold_are_taken(folder: Path) -> None:
    (folder / ".env").write_text(
        "COMPOSE_PROFILES=debug\nCOMPOSE_PROJECT_NAME=x\nMY_COMPOSE_FILE=x\nB='COMPOSE_FILE=x'\n"
    )
    (folder / "other.env").write_text("COMPOSE_FILE=x\n")
    assert set(contents(read(folder))) == {"compose.yaml", ".env", "other.env"}


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    (folder / "compose.yaml").unlink()
    (folder / "outside").symlink_to("/etc/passwd")
    (folder / "folder").symlink_to("/etc")
    (folder / "broken").symlink_to(folder / "nowhere")
    (folder / "latin.j2").write_bytes(b"\xe9")
    found = "\n".join(findings(folder, {"A": []}))
    for part in (
        "stack_env.A:",
        "Compose file: expected one in the stack's folder",
        f"file {folder}/outside: expected a file inside the stack's folder, seen a link to /etc/passwd",
        f"file {folder}/folder: expected a file inside the stack's folder, seen a link to /etc.",
        f"file {folder}/broken: expected a file that can be read, seen No such file or directory",
        "template latin.j2: expected UTF-8 text",
    ):
        assert part in found


def test_a_file_and_a_template_for_it_are_one_too_many(folder: Path) -> None:
    (folder / "compose.yaml.j2").write_text("services: {}\n")
    assert findings(folder) == ["compose.yaml: expected a file or a template, seen both. Remove one of them."]


def test_a_template_that_cannot_be_rendered_does_not_hide_the_next(folder: Path) -> None:
    for name in ("a.j2", "b.j2"):
        (folder / name).write_text("x")

    def render(_text: str, path: Path) -> str:
        raise SlipwayError([Finding(f"template {path.name}", "to be rendered", "no", "Correct it.")])

    with pytest.raises(SlipwayError) as caught:
        read_stack(folder, "1.0", {}, render)
    assert [finding.thing for finding in caught.value.findings] == ["template a.j2", "template b.j2"]


def test_a_folder_that_is_too_large_names_its_largest_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_source, "LARGEST_STACK_BYTES", 1000)
    (folder / "dump.sql").write_bytes(b"x" * 2000)
    assert "the largest file is dump.sql" in findings(folder)[0]


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    assert findings(tmp_path / "gone")[0].startswith(f"stack_src: expected a folder, seen nothing at {tmp_path}/gone.")


@pytest.mark.parametrize(
    ("name", "shown"), [(b"a\xffb", "a\\xffb"), (b"conf\xe9/app.ini", "conf\\xe9/app.ini"), (b"a\nb", "a\\nb")]
)
def test_a_name_that_no_document_can_hold_is_refused_and_can_be_ignored(folder: Path, name: bytes, shown: str) -> None:
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    (sentence,) = findings(folder)
    assert sentence.startswith(f"file {shown}: expected a name in UTF-8")
    sentence.encode()
    (folder / ".slipwayignore").write_bytes(name.replace(b"\n", b"*") + b"\n")
    assert set(contents(read(folder))) == {"compose.yaml"}


def test_text_that_cannot_be_written_is_refused(folder: Path) -> None:
    (folder / "a.j2").write_text("x")
    with pytest.raises(SlipwayError) as caught:
        read_stack(folder, "1.0", {"HALF": "\udcff"}, lambda _text, _path: "\ud800")
    assert [finding.thing for finding in caught.value.findings] == ["stack_env.HALF", "template a.j2"]


def test_remote_parts_are_found_through_files_and_variables_and_not_shown(folder: Path) -> None:
    (folder / "compose.yaml").write_text("""\
include:
  - oci://registry.example.com/team/base:1
  - path: [sub/local.yaml, "${WHERE}"]
  - {path: sub/other.yaml, project_directory: "git@example.com:team/base.git"}
x-base: &base {extends: {file: "https://user:secret@example.com/base.git", service: web}}
services:
  web: {<<: *base, env_file: [app.env, {path: "https://example.com/app.env"}]}
  fine: {image: "registry.example.com/x:1", extends: web, build: "https://example.com/x.git"}
""")
    (folder / "sub").mkdir()
    (folder / "sub" / "local.yaml").write_text("include: [deep/next.yaml]\n")
    (folder / "sub" / "deep").mkdir()
    (folder / "sub" / "deep" / "next.yaml").write_text("include: ['github.com/team/base', ../local.yaml]\n")
    (folder / "sub" / "unread.yaml").write_text("include: ['oci://x/y']\n")
    found = findings(folder, {"WHERE": "ssh://git@example.com/base.git"})
    assert sorted({sentence.partition(":")[0] for sentence in found}) == [
        "env_file of service web in compose.yaml",
        "extends of service web in compose.yaml",
        "include in compose.yaml",
        "include in sub/deep/next.yaml",
    ]
    assert not any("secret" in sentence for sentence in found)


@pytest.mark.parametrize(
    "text", ["include: [", "include", "- include", "include: {a: [b]}", "services: {web: extends}", "\0"]
)
def test_a_compose_file_that_is_none_is_left_to_compose(folder: Path, text: str) -> None:
    (folder / "compose.yaml").write_text(text)
    assert "compose.yaml" in contents(read(folder))
