"""ES modules become one script with the same exports."""

import shutil
import subprocess

import pytest

from network3.serve.bundle import bundle


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


def test_each_module_stands_once_and_after_those_that_it_imports(tmp_path):
    write(
        tmp_path,
        a='import { b } from "./b.js";\nimport { c } from "./c.js";\nexport const a = b + c;\n',
        b='import {\n  c as other,\n} from "./c.js";\nexport function b() {}\n',
        c="// A comment.\nexport const c = 1;\n",
        unused="export const unused = 1;\n",
    )
    text = bundle(tmp_path, "a.js")
    places = [text.index(f'modules["{name}.js"] = ') for name in "cba"]
    assert places == sorted(places)
    assert [text.count(f'modules["{name}.js"] = ') for name in "abc"] == [1, 1, 1]
    assert "unused" not in text
    assert "comment" not in text


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_script_computes_what_the_modules_do(tmp_path):
    a = """
import { twice as double, Box } from "./b.js";
const hidden = 1;
export const a = double(new Box(20).x + hidden);
"""
    b = """
const hidden = 2;
export const twice = (x) => x * hidden;
export class Box {
  constructor(x) {
    this.x = x;
  }
}
"""
    write(tmp_path, a=a, b=b)
    script = bundle(tmp_path, "a.js") + 'console.log(modules["a.js"].a, Object.keys(modules["b.js"]).join());'
    done = subprocess.run(["node", "--eval", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "42 twice,Box\n"


@pytest.mark.parametrize(
    "line",
    ['import a from "./b.js";', 'import "./b.js";', 'import { a } from "other";', "export default 1;", "export { a };"],
)
def test_other_forms_are_refused(tmp_path, line):
    write(tmp_path, a=f"{line}\n", b="")
    with pytest.raises(ValueError, match="named imports and exports; got "):
        bundle(tmp_path, "a.js")


def test_a_circle_is_refused(tmp_path):
    write(tmp_path, a='import { b } from "./b.js";\n', b='import { a } from "./a.js";\n')
    with pytest.raises(ValueError, match=r"circle; got a\.js -> b\.js -> a\.js"):
        bundle(tmp_path, "a.js")
