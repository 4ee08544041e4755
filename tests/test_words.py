"""One vocabulary: words of an earlier dialect are replaced by those of the field, in names, comments and messages."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENDINGS = {".py", ".md", ".toml", ".yml", ".yaml", ".cff"}
SKIPPED = {"CHANGELOG.md", "tests/test_words.py"}  # and results/
BENCHMARKS = ("benchmarks/", "tests/benchmarks/")

# Pattern -> the field's word. Patterns of words that are also plain English match the names only.
WORDS = {
    r"(?i)suspicio": "health checks",
    r"\blook_at_": "check_data, check_epoch",
    r"(?i)\bcomplain": "error_message",
    r"\b(?i:wants|wanted)\b": "expects, expected",
    r"(?i)\bmend(?:s|ed|ing)?\b": "hint; fixes",
    r"\bheld_back\b": "deferred_signals",
    r"\bPressed\b": "StopRequest",
    r"\b_heard\b": "stop_requested",
    r"\bheld\(": "checkpoint_lock",
    r"\breplacing\(": "atomic_write",
    r"\bPlacement\b|\bimport place\b|devices\.place\b": "DeviceMesh, select_devices",
    r"\beverywhere\(|mesh\.whole\b|def whole\(self": "replicate, keep_replicated",
    r"\bshared_out\b|mesh\.split\b": "shard, keep_sharded",
    r"checks\.whole\b|import whole\b": "checks.integer",
    r"\brunner\.take\b|\bdef take\(self, images": "set_images",
    r"\bcalling\(": "execution_context",
    r"\bat_work\b": "thread_pool",
    r"\bbuilding\(": "graph_flags",
    r"\bcompiling\(": "compile_context",
    r"(?i)\b_?board\b": "work queue",
    r"(?i)\b_?tickets?\b": "counter",
    r"\bhelp_out\b": "worker_loop",
    r"\b_?nap\(|\bnaps?\b": "backoff",
    r"\bstep_aside\b": "yield",
    r"\bREST\b": "cooldown",
    r"\btake_product\b": "lower_dot",
    r"\b(?:def|import) flatten\b": "fuse_elementwise",
    r"(?i)\bpaid\b": "receives the gradient",
    r"NumPy's truth|\bin truth\b": "reference implementation",
    r"(?i)\bgallery\b": "run plots",
    r"_pictures\b|\bpictures(?:\.\w|\]| *=)|\bimport pictures\b": "plotting, plots",
    r"(?i)(?<![\x22])\bsays\b": "description; returns, reports",  # not the key of stored JSON
    r"(?i)\btold\b": "formatted; reported",
    r"(?i)\btells\b": "returns, reports",
    r"(?i)\bknows\b": "supports",
    r"[.*]gone\b|\bgone *=": "diverged",
    r"[.*]going\b|\bgoing *=": "active",
    r"(?i)\bcontests?\b|_contest\b": "comparison",
    r"(?i)\bverdicts?\b": "checks",
    r"\bas_mnist\b": "preprocess_digit",
    r"\bread_grey\b": "read_grayscale",
    r"\bstate\.order\b": "batch_indices",
    r"\bstate\.good\b": "last_finite_weights",
    r"\btake_rule\b": "restore_optimizer",
    r"(?i)(?<!time )\btake[sn]? for (?:others?|something|a \d)\b|what it was taken for": "misclassified",
    r"(?i)without saying so": "default",
    r"(?i)\b(?:where|what|that) (?:it )?is so\b": "the condition itself",
    r"\bHe's\b": "He initialization",
}
IN_BENCHMARKS = {r"(?i)\bteams?\b": "workers", r"(?i)\bchild\b": "worker"}


@cache
def lines() -> list[tuple[str, str]]:
    """Return ``file:number`` and text of each line of the repository's texts, new files included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [
        (f"{name}:{number}", line)
        for name in sorted(set(names) - SKIPPED)
        if (Path(name).suffix in ENDINGS or name == "Makefile") and "results" not in Path(name).parts
        if (ROOT / name).is_file()
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
    ]


def hits(pattern: str, folders: tuple[str, ...] = ("",)) -> list[str]:
    """Return the lines of files in `folders` that match, with their places."""
    found = re.compile(pattern)
    return [f"{where}: {line.strip()}" for where, line in lines() if where.startswith(folders) and found.search(line)]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the files are listed by git")
@pytest.mark.parametrize(
    ("pattern", "word", "folders"),
    [*((*pair, ("",)) for pair in WORDS.items()), *((*pair, BENCHMARKS) for pair in IN_BENCHMARKS.items())],
    ids=[*WORDS, *IN_BENCHMARKS],
)
def test_the_fields_word_is_used(pattern, word, folders):
    found = hits(pattern, folders)
    assert not found, f"write {word!r}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        ("    complaint = 1", 1),
        ("The message tells which file it is.", 1),
        ("It takes the digit for something else.", 0),
        ("the time taken for a step", 0),
        ("keyboard, onboard", 0),
        ("He said that going on is no problem.", 0),
        ("the digits taken for others", 1),
    ],
)
def test_patterns_match_names_and_dialect_but_not_plain_english(line, matches):
    assert sum(bool(re.search(pattern, line)) for pattern in WORDS) == matches
